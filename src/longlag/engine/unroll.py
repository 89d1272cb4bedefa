"""One function runs every cell over time, on the backend that serves it best.

Letters: T time, B batch, I input, P projected input, H state, D output.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from longlag.cells.base import Cell
from longlag.engine import compiled, loop, projection, scan, vendor
from longlag.engine.backend import BACKENDS, resolve_backend


class Trajectory(NamedTuple):
    """What a run leaves behind."""

    y: Float[Tensor, "T B D"]  # outputs; zero past a sequence's end
    final: Any  # the carry: the state after each sequence's last step, leaves (B,H)
    states: Any  # every state, leaves (T,B,H); None where a vendor's kernel hides them
    backend: str  # the one that really ran: a step that cannot be compiled says `loop`


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
            `compiled` (any cell whose step is matrix products, layer normalisation and pointwise
            operations), or `auto`, the one that `choose_backend` names.

    Raises:
        ValueError: an argument of the wrong type or shape, an unknown backend, or one that
            cannot do what is asked.
    """
    T, B, _ = x.shape
    if backend not in BACKENDS:
        raise ValueError(f"unroll: backend {backend!r} is not one of {', '.join(BACKENDS)}")
    start = cell.init_state(B)
    state = start if state is None else state
    check_arguments(cell, x, start, state, lengths, resets, taps)
    step_by_step = taps is not None or resets is not None
    backend, step = resolve_backend(backend, cell, x, step_by_step)
    if backend == "fused":
        y, final = vendor.run_kernel(cell, x, state, lengths, step_by_step)
        return Trajectory(y, final, None, backend)  # what lies past an end is zero already
    valid = None if lengths is None else torch.arange(T, device=x.device)[:, None] < lengths
    u = cell.project(x) if backend == "loop" else projection.project_inputs(cell, x)
    if step is not None:
        states = compiled.run_compiled(step, cell, u, state, lengths)
    else:
        over_time = scan.run_scan if backend == "scan" else loop.run_loop
        states = over_time(cell, u, state, start, valid, resets, taps)
    y = cell.readout(states, u)
    if valid is not None:
        y = torch.where(valid[..., None], y, torch.zeros((), dtype=y.dtype, device=y.device))
    return Trajectory(y, type(states)(*(leaf[-1] for leaf in states)), states, backend)


def check_arguments(
    cell: Cell,
    x: Tensor,
    start: Any,
    state: Any,
    lengths: Tensor | None,
    resets: Tensor | None,
    taps: Any,
) -> None:
    """Say what is wrong with the arguments of `unroll`, before any step is run."""
    T, B, I = x.shape
    if T < 1:
        raise ValueError("unroll: x has no steps (T = 0); give at least one")
    if cell.input_size != I:
        raise ValueError(
            f"unroll: x has {I} features a step, but {type(cell).__name__} was built for "
            f"input_size {cell.input_size}"
        )
    if state is not start:
        refuse_unlike_state("state", state, start, ())
    if taps is not None:
        refuse_unlike_state("taps", taps, start, (T,))
    if lengths is not None:
        if tuple(lengths.shape) != (B,) or lengths.is_floating_point():
            raise ValueError(
                f"unroll: lengths must be {B} integers, one a sequence, not "
                f"{tuple(lengths.shape)} of {lengths.dtype}"
            )
        low, high = (int(end) for end in lengths.aminmax())
        if low < 1 or high > T:
            raise ValueError(
                f"unroll: lengths must lie between 1 and T = {T}, not between {low} and {high}"
            )
    if resets is not None and (tuple(resets.shape) != (T, B) or resets.dtype != torch.bool):
        raise ValueError(
            f"unroll: resets must be bool of shape {(T, B)}, not {resets.dtype} of shape "
            f"{tuple(resets.shape)}"
        )


def refuse_unlike_state(name: str, given: Any, start: Any, front: tuple[int, ...]) -> None:
    """Refuse a `given` that is not a state like `start`, with the axes `front` before its own."""
    kind = type(start)
    if not isinstance(given, kind):
        raise ValueError(
            f"unroll: {name} must be a {kind.__name__} of {', '.join(kind._fields)}, not a "
            f"{type(given).__name__}"
        )
    for field, leaf, own in zip(kind._fields, given, start, strict=True):
        if leaf.shape != front + own.shape:
            raise ValueError(
                f"unroll: {name}.{field} must have shape {(*front, *own.shape)}, not "
                f"{tuple(leaf.shape)}"
            )
