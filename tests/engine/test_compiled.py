"""Any step that can be split is computed as the loop does; any other says why it is not."""

import copy
import warnings
from typing import NamedTuple

import pytest
import torch
from torch import nn

from leaky import Leaky
from longlag.cells import LSTM, GRUResetBefore, Hidden, LayerNormLSTM
from longlag.engine import c_compiler, compiled, unroll
from longlag.engine.c_compiler import CompilerNotFound

T, B, I, H = 6, 3, 2, 8


class Joined(Leaky):
    """One matrix on [u, h], and nothing projected."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.both = nn.Linear(input_size + hidden_size, 2 * hidden_size)

    def project(self, x):
        return x

    def step(self, u, s):
        a, b = self.both(torch.cat([u, s.h], -1)).chunk(2, -1)
        return Hidden(torch.sigmoid(a) * torch.relu(b) + 0.5 * s.h)


class Skew(Leaky):
    """A weight that is computed, a vector per unit and a learned scalar."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.v = nn.Parameter(torch.rand(hidden_size))
        self.k = nn.Parameter(torch.tensor(0.3))

    def step(self, u, s):
        w = self.rec.weight - self.rec.weight.T
        return Hidden(s.h + self.k * torch.tanh(u + s.h @ w + self.v * s.h))


class Pair(NamedTuple):
    y: torch.Tensor
    z: torch.Tensor


class Waves(Leaky):
    """Two leaves, a product of each, one of them of a computed value."""

    State = Pair

    def step(self, u, s):
        z = s.z + 0.1 * (torch.tanh(u + self.rec(s.y)) - s.y)
        return Pair(s.y + 0.1 * torch.exp(-z * z) * self.inp.bias + self.rec(torch.cos(z)), z)


class Twice(Leaky):
    """The same columns of u used beside the sum they are folded into."""

    def step(self, u, s):
        return Hidden(torch.tanh(u + self.rec.weight.new_zeros(()) + s.h @ self.rec.weight) * u)


class Wide(Leaky):
    """A product of which only the last columns are added to u, where they do not fit whole."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.rec = nn.Linear(hidden_size, 3 * hidden_size, bias=False)

    def step(self, u, s):
        return Hidden(torch.tanh(u + self.rec(s.h)[..., -self.hidden_size :]))


class Normed(Leaky):
    """Normalised twice, with a gain and a shift and without, once straight onto u."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.norm = nn.LayerNorm(hidden_size)
        with torch.no_grad():
            self.norm.weight.uniform_(0.5, 2)
            self.norm.bias.uniform_(-1, 1)

    def step(self, u, s):
        m = torch.layer_norm(self.rec(s.h), (self.hidden_size,))
        return Hidden(torch.tanh(self.norm(torch.sigmoid(u + m) + s.h)))


def gradients(cell, x, backend, **how):
    x = x.clone().requires_grad_()
    start = cell.init_state(len(x[0]))
    start = type(start)(*(torch.full_like(s, 0.2).requires_grad_() for s in start))
    out = unroll(cell, x, start, backend=backend, **how)
    loss = out.y.sin().sum() + sum(leaf.cos().sum() for leaf in out.final)
    used = [x, *start, *cell.parameters()]
    grads = torch.autograd.grad(loss, used, allow_unused=True)
    return [out.y, *out.final, *(torch.zeros(()) if g is None else g for g in grads)]


def make(cell, dtype=torch.float64):
    torch.manual_seed(3)
    return cell(I, H).to(dtype), torch.randn(T, B, I, dtype=dtype)


@pytest.mark.parametrize(
    "cell", [Leaky, Joined, Skew, Waves, Twice, Wide, Normed, LSTM, GRUResetBefore]
)
@pytest.mark.parametrize("lengths", [None, [2, 6, 1]])
def test_a_compiled_step_has_the_values_and_gradients_of_the_loop(cell, lengths):
    net, x = make(cell)
    how = {} if lengths is None else {"lengths": torch.tensor(lengths)}
    assert isinstance(compiled.compiled_step(net, x), compiled.CompiledStep)
    for got, true in zip(
        gradients(net, x, "compiled", **how), gradients(net, x, "loop", **how), strict=True
    ):
        torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("cell", [LSTM, GRUResetBefore, Joined])
def test_more_rows_than_one_block_and_more_columns_than_one_panel(cell):
    torch.manual_seed(5)
    net, x = cell(3, 41).double(), torch.randn(9, 20, 3, dtype=torch.double)
    for got, true in zip(gradients(net, x, "compiled"), gradients(net, x, "loop"), strict=True):
        torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)


def test_a_product_that_does_not_fit_onto_u_is_kept_apart():
    net, x = make(Wide)
    plan = compiled.compiled_step(net, x)
    assert isinstance(plan, compiled.CompiledStep) and plan.source.total is None


def test_only_the_loss_of_one_state_and_only_some_parameters():
    net, x = make(Waves)
    net.rec.weight.requires_grad_(False)
    found = []
    for backend in ("compiled", "loop"):
        states = unroll(net, x, backend=backend).states
        found.append(torch.autograd.grad(states.z[2].sum(), [net.inp.weight, net.rec.bias]))
    for got, true in zip(*found, strict=True):
        torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-11)


def test_backward_can_be_asked_for_twice_and_does_not_change_what_was_given():
    net, x = make(LSTM)
    x.requires_grad_()
    u = net.project(x)
    kept = u.detach().clone()
    s = compiled.run_compiled(compiled.compiled_step(net, x), net, u, net.init_state(B), None)
    first = torch.autograd.grad(s.h.sum(), x, retain_graph=True)[0]
    torch.testing.assert_close(torch.autograd.grad(s.h.sum(), x)[0], first, rtol=0, atol=0)
    assert torch.equal(u, kept)


def test_a_cell_that_was_run_still_copies():
    net, x = make(Leaky)
    true = unroll(net, x, backend="compiled").y
    assert torch.equal(unroll(copy.deepcopy(net), x, backend="compiled").y, true)


class Noisy(Leaky):
    def step(self, u, s):
        return Hidden(torch.tanh(u + torch.dropout(s.h, 0.5, True)))


class Looks(Leaky):
    def step(self, u, s):
        return Hidden(u if s.h.sum() > 0 else self.rec(s.h))


class _Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.neg()

    @staticmethod
    def backward(ctx, *g):
        return g[0] * -0.1


class Clipped(Leaky):
    """A gradient that the trace of forward cannot show."""

    def step(self, u, s):
        return Hidden(torch.tanh(u + self.rec(_Clip.apply(s.h))))


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (Noisy, ""),
        (Looks, "cannot be traced"),
        (Clipped, "autograd.Function"),
    ],
)
def test_a_step_that_cannot_be_compiled_runs_on_loop_and_says_why_once(cell, why):
    net, x = make(cell)
    compiled._warned.clear()
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match=f"{cell.__name__} runs on loop: .*{why}"):
        got = unroll(net, x, backend="compiled")
    assert got.backend == "loop"
    torch.manual_seed(0)
    assert torch.equal(got.y, unroll(net, x, backend="loop").y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unroll(net, x, backend="compiled")


def test_without_a_compiler_the_loop_runs_with_one_warning(monkeypatch, tmp_path):
    def none():
        raise CompilerNotFound("there is no C compiler")

    monkeypatch.setenv("LONGLAG_CACHE", str(tmp_path))
    monkeypatch.setattr(c_compiler, "compiler", none)
    c_compiler.library.cache_clear()
    compiled._warned.clear()
    net, x = make(Leaky)
    with pytest.warns(UserWarning, match="no C compiler"):
        got = unroll(net, x, backend="compiled").y
    assert torch.equal(got, unroll(net, x, backend="loop").y)


def test_taps_and_resets_are_refused_by_name():
    net, x = make(Leaky)
    with pytest.raises(ValueError, match="no taps and no resets; use loop"):
        unroll(net, x, taps=Hidden(torch.zeros(T, B, H).double()), backend="compiled")


def test_an_overflow_reaches_the_loss_as_it_does_in_the_loop():
    net, x = make(Leaky, torch.float32)
    x[2, 0, 0] = float("nan")
    y = unroll(net, x, backend="compiled").y
    assert y[2:, 0].isnan().all() and not y[:, 1:].isnan().any()


@pytest.mark.parametrize("real", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [2, 7, 8, 9, 15, 16, 17, 31, 33])
def test_the_units_that_fill_no_vector_are_counted_once(width, real):
    cell = LayerNormLSTM(I, width).to(real)  # its sums run over units, and those of its gradients
    x = torch.randn(T, B, I, dtype=real)
    found = []
    for backend in ("compiled", "loop"):
        run = unroll(cell, x, backend=backend)
        assert run.backend == backend
        y = run.y
        found.append([y, *torch.autograd.grad(y.cos().sum(), list(cell.parameters()))])
    close = (2e-4, 2e-5) if real == torch.float32 else (1e-9, 1e-11)
    for ours, true in zip(*found, strict=True):
        torch.testing.assert_close(ours, true, rtol=close[0], atol=close[1])
