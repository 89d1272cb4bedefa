"""dL/ds_t for every step, layer and part of the state, by adding a zero to every state."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from longlag.cells.base import Cell
from longlag.engine import unroll
from longlag.nn.model import Model

BLIND = ("fused", "compiled")  # backends that take no taps: the definition stands in for them


def zero_taps(cell: Cell, steps: int, batch: int) -> Any:
    """Make a State of zeros (T,B,H) that asks for a gradient."""
    s = cell.init_state(batch)
    return type(s)(*(leaf.new_zeros(steps, *leaf.shape).requires_grad_() for leaf in s))


def state_gradients(
    network: Cell | Model, x: Tensor, loss: Callable[[Any], Tensor], **how: Any
) -> Any:
    """Compute dL/ds_t for every step t of a cell, or of every cell of a model.

    Each part of the state is a coordinate of its own: dL/dc_t here holds h_t fixed.
    (`retain_grad` on an LSTM's c_t is another number, which adds the same-step path c_t -> h_t.)

    Args:
        network: what is probed; it is not changed.
        x: inputs (T,B,I).
        loss: maps the `Trajectory` of a cell, or the `Output` of a model, to a scalar L.
        how: further arguments of `unroll` (state, lengths, ...) or of the model (carry, at, ...).

    Returns:
        Of a cell a State whose parts are (T,B,H); of a model a tuple of them, from the input up.
    """
    cells = (network,) if isinstance(network, Cell) else network.cells
    taps = [zero_taps(cell, *x.shape[:2]) for cell in cells]
    backend = how.pop("backend", None)
    if isinstance(network, Cell):
        out = unroll(network, x, taps=taps[0], backend=backend or "loop", **how)
    else:
        backend = backend or ("loop" if network.backend in BLIND else None)
        out = network(x, taps=taps, backend=backend, **how)
    leaves = [leaf for tap in taps for leaf in tap]
    # A state that nothing reads later (an LSTM's c_T) is not on the tape: its gradient is zero.
    grads = iter(torch.autograd.grad(loss(out), leaves, materialize_grads=True))
    found = tuple(type(tap)(*(next(grads) for _ in tap)) for tap in taps)
    return found[0] if isinstance(network, Cell) else found
