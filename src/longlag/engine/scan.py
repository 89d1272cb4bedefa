"""Linear cells s_t = a_t * s_(t-1) + b_t: all coefficients at once, then one cheap recurrence."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Inexact
from torch import Tensor
from torch.autograd.function import once_differentiable

from longlag.cells.base import Cell, LinearCell
from longlag.engine.loop import with_axes_of


def run_scan(
    cell: Cell,
    u: Float[Tensor, "T B P"],
    s: Any,
    start: Any,
    valid: Bool[Tensor, "T B"] | None,
    resets: Bool[Tensor, "T B"] | None,
    taps: Any,
) -> Any:
    """Return every state of a linear cell over `u` (T,B,P).

    Raises:
        ValueError: the cell is not linear.
    """
    if not isinstance(cell, LinearCell):
        raise ValueError(
            f"backend 'scan' runs linear cells only, not {type(cell).__name__}; use loop or auto"
        )
    a, b = cell.coefficients(u)
    if resets is not None:  # s_(t-1) is the initial state there
        b = torch.where(with_axes_of(resets, b), a * start[0] + b, b)
        a = torch.where(with_axes_of(resets, a), 0, a)
    if taps is not None:
        b = b + taps[0]
    if valid is not None:  # a padded step is s_t = 1 * s_(t-1) + 0
        a, b = torch.where(with_axes_of(valid, a), a, 1), torch.where(with_axes_of(valid, b), b, 0)
    return type(s)(AffineScan.apply(a, b, s[0]))


class AffineScan(torch.autograd.Function):
    """s_t = a_t * s_(t-1) + b_t; its backward is the same recurrence, run in reverse."""

    @staticmethod
    def forward(
        ctx: Any,
        a: Inexact[Tensor, "T B *H"],
        b: Inexact[Tensor, "T B *H"],
        s0: Inexact[Tensor, "B *H"],
    ) -> Inexact[Tensor, "T B *H"]:
        """Compute s_1 .. s_T (T,B,H) of a and b (T,B,H) and s_0 (B,H)."""
        s, prev = b.clone(memory_format=torch.contiguous_format), s0
        for a_t, s_t in zip(a.unbind(0), s.unbind(0), strict=True):
            prev = s_t.addcmul_(a_t, prev)
        ctx.save_for_backward(a, s, s0)
        return s

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run g_(t-1) += conj(a_t) * g_t backwards."""
        a, s, s0 = ctx.saved_tensors
        g = grads[0].clone(memory_format=torch.contiguous_format)
        a_t, g_t = a.conj().resolve_conj().unbind(0), g.unbind(0)
        for t in range(len(g_t) - 1, 0, -1):
            g_t[t - 1].addcmul_(a_t[t], g_t[t])
        before = torch.cat([s0[None], s[:-1]])
        return g * before.conj(), g, a_t[0] * g_t[0]
