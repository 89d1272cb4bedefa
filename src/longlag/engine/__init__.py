"""How a recurrence is run over time: `unroll`, whose backends are interchangeable."""

from longlag.engine.backend import BACKENDS, choose_backend
from longlag.engine.unroll import Trajectory, unroll

__all__ = ["BACKENDS", "Trajectory", "choose_backend", "unroll"]
