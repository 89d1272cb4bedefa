"""How a recurrence is run over time: `unroll`, whose backends are interchangeable."""

from longlag.engine.unroll import BACKENDS, Trajectory, choose, unroll

__all__ = ["BACKENDS", "Trajectory", "choose", "unroll"]
