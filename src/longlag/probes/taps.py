"""dL/ds_t for every step, layer and part of the state, by adding a zero to every state."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from longlag.cells.base import Cell
from longlag.nn.model import Model, Output

BLIND = ("fused", "compiled")  # backends that take no taps: the definition stands in for them


def zero_taps(cell: Cell, steps: int, batch: int) -> Any:
    """A State of zeros (T,B,H) that asks for a gradient."""
    s = cell.init_state(batch)
    return type(s)(*(leaf.new_zeros(steps, *leaf.shape).requires_grad_() for leaf in s))


def state_gradients(
    model: Model, x: Tensor, loss: Callable[[Output], Tensor], **how: Any
) -> tuple[Any, ...]:
    """dL/ds_t of every layer, each a State of (T,B,H).

    Each part of the state is a coordinate of its own: dL/dc_t here holds h_t fixed.
    (`retain_grad` on an LSTM's c_t is another number, which adds the same-step path c_t -> h_t.)

    Args:
        model: what is probed.
        x: inputs (T,B,I).
        loss: of the model's output; a scalar.
        how: further arguments of the model (lengths, carry, at, ...).
    """
    taps = [zero_taps(cell, *x.shape[:2]) for cell in model.cells]
    backend = how.pop("backend", None) or ("loop" if model.backend in BLIND else None)
    leaves = [leaf for tap in taps for leaf in tap]
    out = model(x, taps=taps, backend=backend, **how)
    # A state that nothing reads later (an LSTM's c_T) is not on the tape: its gradient is zero.
    grads = iter(torch.autograd.grad(loss(out), leaves, materialize_grads=True))
    return tuple(type(tap)(*(next(grads) for _ in tap)) for tap in taps)
