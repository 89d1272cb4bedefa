"""A plan never meets other options than it was made with."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from leaky import Leaky
from longlag.cells import LSTM, Hidden
from longlag.cells.wrappers import Zoneout
from longlag.engine import compiled, unroll

T, B, I, H = 6, 3, 2, 8


def make(cell):
    torch.manual_seed(3)
    return cell(I, H).double(), torch.randn(T, B, I, dtype=torch.float64)


def test_a_changed_constant_and_a_trained_weight_are_seen():
    net, x = make(Leaky)
    unroll(net, x, backend="compiled")
    net.rate = 0.7
    with torch.no_grad():
        net.rec.weight.mul_(2)
    got, true = (unroll(net, x, backend=b).y for b in ("compiled", "loop"))
    torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)


class Wrapped(Leaky):
    """A cell around a cell, whose option is the inner one's."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inner = Leaky(input_size, hidden_size)

    def step(self, u, s):
        return self.inner.step(u, s)


def test_a_changed_constant_of_a_wrapped_cell_is_seen():
    net, x = make(Wrapped)
    unroll(net, x, backend="compiled")
    net.inner.rate = 0.7
    got, true = (unroll(net, x, backend=b).y for b in ("compiled", "loop"))
    torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)


class Options(Leaky):
    """Options of every kind that a step may read."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.rates = (0.5, 0.5)
        self.table = {"a": [0.5, {"b": 0.5}]}
        self.tensor = torch.tensor(0.5, dtype=torch.float64)
        self.array = np.array([0.5, 0.5])
        self.holder = SimpleNamespace(rate=0.5)
        self.function = torch.tanh
        self.inner = Leaky(input_size, hidden_size)
        self.inner.rates = (0.5, 0.5)

    def step(self, u, s):
        a, b = self.table["a"][0], self.table["a"][1]["b"]
        rate = sum(self.rates) + a + b + float(self.array.sum()) + self.holder.rate
        rate = rate * self.tensor + sum(self.inner.rates)
        return Hidden(self.function(u + rate * self.rec(s.h)))


def replace(name, value):
    return lambda net: setattr(net, name, value)


@pytest.mark.parametrize(
    "change",
    [
        replace("rates", (0.9, 0.5)),
        replace("rates", [0.9, 0.5]),
        lambda net: net.table["a"][1].update(b=0.9),
        lambda net: net.table["a"].__setitem__(0, 0.9),
        lambda net: net.tensor.fill_(0.9),
        replace("tensor", torch.tensor(0.9, dtype=torch.float64)),
        lambda net: net.array.fill(0.9),
        lambda net: setattr(net.holder, "rate", 0.9),
        replace("function", torch.sin),
        lambda net: setattr(net.inner, "rates", (0.9, 0.5)),
        lambda net: net.rec.register_forward_hook(lambda module, given, out: 2 * out),
        lambda net: setattr(net, "rec", nn.Linear(H, H, bias=False, dtype=torch.float64)),
    ],
)
def test_a_changed_option_of_any_type_never_meets_an_old_plan(change):
    net, x = make(Options)
    before = unroll(net, x, backend="compiled")
    change(net)
    got, true = (unroll(net, x, backend=b) for b in ("compiled", "loop"))
    assert before.backend == got.backend == "compiled" and not torch.equal(before.y, got.y)
    torch.testing.assert_close(got.y, true.y, rtol=1e-9, atol=1e-11)


def test_a_changed_rate_of_zoneout_never_meets_an_old_plan():
    torch.manual_seed(0)
    net = Zoneout(I, H, LSTM, {"h": 0.1, "c": 0.1}, seed=0).double().eval()
    x = torch.randn(T, B, I, dtype=torch.float64)
    before = unroll(net, x, backend="compiled").y
    net.rates = (0.9, 0.9)
    got, true = (unroll(net, x, backend=b).y for b in ("compiled", "loop"))
    torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)
    assert not torch.equal(before, got)


def test_an_option_that_changes_for_ever_is_run_on_the_loop_and_not_compiled_for_ever():
    net, x = make(Leaky)
    compiled._steps.setdefault(net, {}).update({i: "" for i in range(compiled.MOST)})
    assert "keep what changes in a buffer" in compiled.compiled_step(net, x)
