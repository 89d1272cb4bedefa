"""One function runs every cell over time, on the backend that serves it best.

Letters: T time, B batch, I input, P projected input, H state, D output.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from longlag.cells.base import Cell, LinearCell
from longlag.engine import fused, loop, scan

BACKENDS = ("auto", "loop", "fused", "scan")


class Trajectory(NamedTuple):
    """What a run leaves behind."""

    y: Tensor  # (T,B,D) outputs; zero past a sequence's end
    final: Any  # the carry: the state after each sequence's last step, leaves (B,H)
    states: Any  # every state, leaves (T,B,H); None where a vendor's kernel hides them


def unroll(
    cell: Cell,
    x: Float[Tensor, "T B I"],
    state: Any = None,
    *,
    lengths: Integer[Tensor, "B"] | None = None,
    resets: Bool[Tensor, "T B"] | None = None,
    taps: Any = None,
    backend: str = "auto",
) -> Trajectory:
    """Run `cell` over `x`, from `state` (default: `cell.init_state`).

    Args:
        cell: the recurrence.
        x: the inputs.
        state: the state before the first step; it is not written to.
        lengths: steps past a sequence's length leave its state as it was.
        resets: where True, the state is the initial one again before that step.
        taps: a State of (T,B,H) zeros, added to every s_t; their gradient is dL/ds_t.
        backend: `loop` (the definition), `fused` (a vendor's kernel), `scan` (linear cells),
            or `auto`, the fastest of these that can do what is asked.

    Raises:
        ValueError: no steps, an unknown backend, or one that cannot do what is asked.
    """
    T, B, _ = x.shape
    if T < 1:
        raise ValueError("unroll: x has no steps (T = 0); give at least one")
    if backend not in BACKENDS:
        raise ValueError(f"unroll: backend {backend!r} is not one of {', '.join(BACKENDS)}")
    if backend == "auto":
        backend = choose(cell, taps, resets)
    start = cell.init_state(B)
    state = start if state is None else state
    valid = None if lengths is None else torch.arange(T, device=x.device)[:, None] < lengths
    if backend == "fused":
        y, final = fused.run(cell, x, state, lengths, hidden=(taps, resets))
        return Trajectory(y, final, None)
    u = cell.project(x)
    run = scan.run if backend == "scan" else loop.run
    states = run(cell, u, state, start, valid, resets, taps)
    y = cell.readout(states, u)
    if valid is not None:
        y = torch.where(valid[..., None], y, torch.zeros((), dtype=y.dtype, device=y.device))
    return Trajectory(y, type(states)(*(leaf[-1] for leaf in states)), states)


def choose(cell: Cell, taps: Any, resets: Tensor | None) -> str:
    """The backend that `auto` stands for."""
    if isinstance(cell, LinearCell):
        return "scan"
    hidden = taps is not None or resets is not None
    return "loop" if hidden or cell.kernel() is None else "fused"
