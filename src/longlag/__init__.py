"""longlag: how long can a recurrent network remember, why, and which variant should you use?

The names below are the library for users: `from longlag import LSTM, unroll, state_gradients`.
They are imported when they are first used, so that `import longlag` itself needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from longlag.cells import GRU, LSTM, Cell, Elman, Hidden, LinearCell
    from longlag.engine import Trajectory, unroll
    from longlag.errors import LonglagError
    from longlag.nn.model import Model
    from longlag.probes.taps import state_gradients
    from longlag.tasks.base import Batch, Floor, Solved, Spec, Task

_HOMES = {
    "longlag.cells": ("GRU", "LSTM", "Cell", "Elman", "Hidden", "LinearCell"),
    "longlag.engine": ("Trajectory", "unroll"),
    "longlag.errors": ("LonglagError",),
    "longlag.nn.model": ("Model",),
    "longlag.probes.taps": ("state_gradients",),
    "longlag.tasks.base": ("Batch", "Floor", "Solved", "Spec", "Task"),
}

__all__ = [
    "GRU",
    "LSTM",
    "Batch",
    "Cell",
    "Elman",
    "Floor",
    "Hidden",
    "LinearCell",
    "LonglagError",
    "Model",
    "Solved",
    "Spec",
    "Task",
    "Trajectory",
    "state_gradients",
    "unroll",
]


def __getattr__(name: str) -> Any:
    """Import a public name from the room it lives in.

    Raises:
        AttributeError: longlag has no such name.
    """
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"longlag has no {name!r}; its names are {', '.join(__all__)}")


def __dir__() -> list[str]:
    """List the public names too, for tab completion."""
    return sorted({*globals(), *__all__})
