"""Given the same weights, torch's own modules compute the same, forwards and backwards."""

from typing import Any

import pytest
import torch
from torch import nn

from longlag.cells import GRU, LSTM, Elman
from longlag.engine import unroll

T, B, I, H = 11, 3, 2, 5
PAIRS = {
    "tanh": (lambda: Elman(I, H), lambda: nn.RNN(I, H)),
    "relu": (lambda: Elman(I, H, "relu"), lambda: nn.RNN(I, H, nonlinearity="relu")),
    "lstm": (lambda: LSTM(I, H), lambda: nn.LSTM(I, H)),
    "gru": (lambda: GRU(I, H), lambda: nn.GRU(I, H)),
}


def pair(name: str):
    torch.manual_seed(0)
    cell, torchs = (make().double() for make in PAIRS[name])
    rec_bias = torch.zeros_like(cell.W_x.bias)
    if name == "gru":
        rec_bias[2 * H :] = cell.b_U.detach()
    weights = (cell.W_x.weight, cell.W_h.weight, cell.W_x.bias, rec_bias)
    with torch.no_grad():
        for theirs, ours in zip(torchs.parameters(), weights, strict=True):
            theirs.copy_(ours)
    return cell, torchs


@pytest.mark.parametrize("backend", ["loop", "fused"])
@pytest.mark.parametrize("name", PAIRS)
def test_torchs_module_with_the_same_weights_computes_the_same(name: str, backend: str):
    cell, torchs = pair(name)
    x = torch.randn(T, B, I, dtype=torch.double, requires_grad=True)
    s = cell.State(*(torch.randn(B, H, dtype=torch.double) for _ in cell.State._fields))
    run = unroll(cell, x, s, backend=backend)
    start: Any = [leaf[None] for leaf in s]
    y, final = torchs(x, tuple(start) if len(start) > 1 else start[0])
    final = [leaf[0] for leaf in (final if isinstance(final, tuple) else (final,))]
    found = []
    for out, end, module in ((run.y, run.final, cell), (y, final, torchs)):
        loss = out.sin().sum() + sum(leaf.cos().sum() for leaf in end)
        wanted = [x, *matrices(module)]
        found.append([out, *end, *torch.autograd.grad(loss, wanted)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def matrices(module: Any) -> list[torch.Tensor]:
    """W_ih, W_hh and b_ih."""
    if isinstance(module, nn.RNNBase):
        return [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0]  # pyright: ignore
    return [module.W_x.weight, module.W_h.weight, module.W_x.bias]


@pytest.mark.parametrize("name", PAIRS)
def test_weights_start_in_the_range_in_which_torchs_start(name: str):
    cell, torchs = (make() for make in PAIRS[name])
    for module in (cell, torchs):
        for weight in module.state_dict().values():
            free = weight[weight != 1]  # an LSTM's forget bias is set
            assert free.abs().max() <= H**-0.5
