"""How a recurrence is run over time: `unroll`, whose backends are interchangeable."""

from longlag.engine.unroll import BACKENDS, Trajectory, unroll

__all__ = ["BACKENDS", "Trajectory", "unroll"]
