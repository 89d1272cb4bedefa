"""The definition: one step after another, in Python.  Every other backend must agree with it."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor
from torch.nn.utils import parametrize

from longlag.cells.base import Cell


def run_loop(
    cell: Cell,
    u: Float[Tensor, "T B P"],
    s: Any,
    start: Any,
    valid: Bool[Tensor, "T B"] | None,
    resets: Bool[Tensor, "T B"] | None,
    taps: Any,
) -> Any:
    """Return every state s_1 .. s_T of `cell` over `u` (T,B,P), as a State of (T,B,H)."""
    State, history = type(s), []
    # Unbound once: indexing x[t] inside the loop would make backward quadratic in T.
    us, valids, restarts = (None if p is None else p.unbind(0) for p in (u, valid, resets))
    taps_t = None if taps is None else list(zip(*(tap.unbind(0) for tap in taps), strict=True))
    with parametrize.cached():  # a weight that is computed is computed once
        for t, u_t in enumerate(us or ()):
            prev = s if restarts is None else select_state(restarts[t], start, s)
            new = cell.step(u_t, prev)
            if taps_t is not None:
                new = State(*map(torch.add, new, taps_t[t]))
            s = new if valids is None else select_state(valids[t], new, s)
            history.append(s)
    return State(*map(torch.stack, zip(*history, strict=True)))


def select_state(mask: Bool[Tensor, "B"], new: Any, old: Any) -> Any:
    """Return the state `new` where `mask` (B,) is set, else `old`."""
    return type(new)(
        *(torch.where(with_axes_of(mask, n), n, o) for n, o in zip(new, old, strict=True))
    )


def with_axes_of(mask: Shaped[Tensor, "*S"], leaf: Shaped[Tensor, "..."]) -> Tensor:
    """Give `mask` as many trailing axes as `leaf` has."""
    return mask.reshape(mask.shape + (1,) * (leaf.dim() - mask.dim()))
