"""On-line descent in C is the update after each sequence that torch would make."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from longlag.cells import GRU, LRU, LSTM, LSTM1997, Cell, Elman, OrthogonalRNN
from longlag.engine import unroll
from longlag.engine.c_compiler import CannotCompile
from longlag.engine.online import OnlineDescent
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model
from longlag.training.online import NetworkStep

I, D, RATE = 3, 2, 0.3
CELLS = {
    "rnn": lambda: Elman(I, 5),
    "lstm": lambda: LSTM(I, 4),
    "gru": lambda: GRU(I, 4),
    "1997": lambda: LSTM1997(I, 2),
    "1997, truncated": lambda: LSTM1997(I, 2, truncated=True),
    "1997, gates biased": lambda: LSTM1997(I, 3, 1, biased="gates"),
    "1997, no bias": lambda: LSTM1997(I, 2, biased="none", input_bias=None),
}


def network(cell: Cell, dtype: torch.dtype = torch.float64, **head: Any) -> NetworkStep:
    """A net of D logistic outputs."""
    model = Model(
        I,
        D,
        lambda *_: cell,
        cell.hidden_size,
        head=lambda *sizes: LogisticHead(*sizes, kind="multilabel", **head),
    )
    return NetworkStep(model.to(dtype))


def sequences(lengths: list[int], dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    rng, steps = torch.Generator().manual_seed(2), sum(lengths)
    x = torch.randn(steps, I, dtype=dtype, generator=rng)
    target = torch.rand(steps, D, dtype=dtype, generator=rng)
    return x, target, (torch.rand(steps, generator=rng) > 0.5).to(dtype)


def by_torch(net: Cell, x: Tensor, target: Tensor, weight: Tensor) -> tuple[float, float]:
    """One update by the loop and autograd; E and the largest error before it."""
    y = unroll(net, x[:, None], backend="loop").states.z[:, 0].sigmoid()
    off = (y - target).abs()
    E = (off.square().sum(1) * weight).sum() / 2
    own = list(net.parameters())
    with torch.no_grad():
        for p, g in zip(own, torch.autograd.grad(E, own, materialize_grads=True), strict=True):
            p -= RATE * g
    return E.item(), (off * (weight > 0)[:, None]).max().item()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_losses_and_errors_are_those_of_an_update_after_each_sequence(
    cell: str, shortcut: bool, dtype: torch.dtype
):
    torch.manual_seed(0)
    net = network(CELLS[cell](), dtype, shortcut=shortcut)
    twin, lengths = copy.deepcopy(net), [7, 3, 9, 1, 4]
    given = sequences(lengths, dtype)
    descent, parts = OnlineDescent(net, given[0][:, None]), [g.split(lengths) for g in given]
    first = descent.descend(*(torch.cat(p[:2]) for p in parts), lengths[:2], RATE)
    rest = descent.descend(*(torch.cat(p[2:]) for p in parts), lengths[2:], RATE)  # longer ones
    wanted = torch.tensor([by_torch(twin, *one) for one in zip(*parts, strict=True)], dtype=dtype)
    close = (
        {"rtol": 1e-9, "atol": 1e-12} if dtype == torch.float64 else {"rtol": 1e-4, "atol": 1e-6}
    )
    torch.testing.assert_close(torch.cat([first.loss, rest.loss]), wanted[:, 0], **close)
    torch.testing.assert_close(torch.cat([first.worst, rest.worst]), wanted[:, 1], **close)
    for ours, true in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, true, **close)


def test_it_ends_at_the_first_loss_that_is_not_finite():
    net, lengths = network(Elman(I, 4)), [2, 2, 2]
    x, target, weight = sequences(lengths, torch.float64)
    x[2], weight[:] = torch.inf, 1
    before = copy.deepcopy(net)
    seen = OnlineDescent(net, x[:, None]).descend(x, target, weight, lengths, RATE)
    assert len(seen.loss) == 2 and seen.loss.isfinite().tolist() == [True, False]
    by_torch(before, x[:2], target[:2], weight[:2])
    for ours, true in zip(net.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(ours, true)


@pytest.mark.parametrize(
    ("cell", "why"), [(OrthogonalRNN(I, 4), "computed"), (LRU(I, 4), "not real")]
)
def test_what_it_cannot_train_is_refused(cell: Cell, why: str):
    with pytest.raises(CannotCompile, match=why):
        OnlineDescent(network(cell, torch.float32), torch.zeros(1, 1, I))
