"""The projection of the inputs by the same products as the compiled step's."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

from longlag.cells.base import Cell
from longlag.engine.c_compiler import CannotCompile
from longlag.engine.matmul import REAL, affine_map, product_library, weight_gradient


def project_inputs(cell: Cell, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B P"]:
    """Compute `cell.project(x)`, its linear maps by our own products where they can be compiled."""
    if x.dtype not in REAL or x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
        return cell.project(x)
    try:
        product_library(REAL[x.dtype])
    except CannotCompile:
        return cell.project(x)
    with Projection():
        return cell.project(x)


class Linear(torch.autograd.Function):
    """Y = X W^T + b."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Float[Tensor, "*S k"],
        w: Float[Tensor, "n k"],
        bias: Float[Tensor, "n"] | None,
    ) -> Float[Tensor, "*S n"]:
        """Compute Y (...,n) of X (...,k), W (n,k) and b (n,)."""
        rows = x.reshape(-1, x.shape[-1]).contiguous()
        ctx.save_for_backward(rows, w)
        ctx.front, ctx.bias = x.shape[:-1], bias is not None
        b = None if bias is None else bias.contiguous()
        return affine_map(rows, w.t(), b).view(*ctx.front, len(w))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Compute dL/dX, dL/dW and dL/db from dL/dY."""
        rows, w = ctx.saved_tensors
        g = grad.reshape(-1, len(w)).contiguous()
        x, own, bias = ctx.needs_input_grad
        return (
            affine_map(g, w, None).view(*ctx.front, -1) if x else None,
            weight_gradient(g, rows) if own else None,
            g.sum(0) if bias and ctx.bias else None,
        )


class Projection(TorchFunctionMode):
    """Within it, `torch.nn.functional.linear` is `Linear` where that can be."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call `func`, or `Linear` in its place."""
        if func is linear and not kwargs and has_own_product(*args):
            return Linear.apply(*(*args, None)[:3])
        return func(*args, **(kwargs or {}))


def has_own_product(x: Tensor, w: Tensor, bias: Tensor | None = None) -> bool:
    """Tell whether all are plain matrices of one type that there are products for."""
    given = [x, w] if bias is None else [x, w, bias]
    same = all(t.dtype == x.dtype and t.device.type == "cpu" for t in given)
    return same and x.dtype in REAL and w.dim() == 2 and x.numel() > 0
