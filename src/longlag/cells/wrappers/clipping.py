"""Clipping inside the recurrence: a bound on what a step hands back to the step before."""

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from longlag.cells.base import Cell
from longlag.cells.wrappers.base import Wrapper


@final
class ClipThroughTime(Wrapper):
    r"""A cell whose gradient is clipped at each step that it travels back, while it trains.

        g = J_t^T dL/ds_t                        what step t hands back to s_(t-1), all parts
        g <- g * min(1, bound / ||g||_2)         for each sequence

    The gradient of the weights is not clipped, only what reaches them from later steps.

    Args:
        input_size: I.
        hidden_size: H.
        cell: makes the cell that is wrapped.
        bound: the largest norm.

    Raises:
        ValueError: a bound that is not above 0.

    Source: Graves 2013, "Generating sequences with recurrent neural networks", section 2.1
    (clipped within the recurrence); the norm: Pascanu et al. 2013, algorithm 1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: Callable[[int, int], Cell],
        bound: float = 1.0,
    ) -> None:
        super().__init__(input_size, hidden_size, cell)
        if not bound > 0:
            raise ValueError(f"ClipThroughTime: bound must be above 0, not {bound}")
        self.bound = bound
        self.axes = tuple(leaf.dim() - 1 for leaf in self.cell.init_state(1))  # behind the batch

    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Make the cell's step; the gradient of s_(t-1) is clipped on its way out."""
        if self.training:
            s = type(s)(*_Clip.apply(self.bound, self.axes, *s))
        return self.cell.step(u, s)


class _Clip(torch.autograd.Function):
    """Nothing forwards; the joint norm of all parts is bounded, sequence by sequence, backwards."""

    @staticmethod
    def forward(ctx: Any, bound: float, axes: tuple[int, ...], *s: Tensor) -> tuple[Tensor, ...]:
        """Return the state as it is."""
        ctx.bound, ctx.axes = bound, axes
        return tuple(leaf.view_as(leaf) for leaf in s)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return g * min(1, bound / ||g||)."""
        flat = [g.flatten(g.dim() - k) for g, k in zip(grads, ctx.axes, strict=True)]
        norm = torch.stack([torch.linalg.vector_norm(g, dim=-1) for g in flat]).norm(dim=0)
        scale = (ctx.bound / norm.clamp(min=ctx.bound))[..., None]
        scaled = (g * scale for g in flat)
        return None, None, *(g.reshape(like.shape) for g, like in zip(scaled, grads, strict=True))
