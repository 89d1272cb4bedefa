"""Taps give dL/ds_t: closed forms, the adjoint recursion, and what they are not."""

import pytest
import torch
from torch import Generator, Tensor, nn

from longlag.cells import GRU, LSTM, Cell, Elman, GRUResetBefore, Hidden
from longlag.nn.model import Model
from longlag.probes.taps import state_gradients

T, B, I, H = 17, 3, 2, 4
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
CELLS = (Elman, LSTM, GRU, GRUResetBefore)


class Linear(Cell):
    """h_t = W h_(t-1) + x_t."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, hidden_size)
        self.W = nn.Parameter(torch.empty(hidden_size, hidden_size).normal_() / hidden_size**0.5)

    def project(self, x: Tensor) -> Tensor:
        return self.inp(x)

    def step(self, u, s):
        return Hidden(u + s.h @ self.W.T)


def model_of(cell, layers: int = 1) -> Model:
    torch.manual_seed(0)
    return Model(I, 1, cell, H, layers).double()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(T, B, I, dtype=torch.double, generator=Generator().manual_seed(1))


def last(out) -> Tensor:
    return out.prediction[-1].sum()


def test_a_linear_rnn_gives_powers_of_its_matrix(x):
    model = model_of(Linear)
    (g,) = state_gradients(model, x, last)
    W, g_T = model.cells[0].W, model.head.weight[0]
    for t in range(T):
        want = torch.linalg.matrix_power(W.T, T - 1 - t) @ g_T  # (W^T)^(T-t) g
        torch.testing.assert_close(g.h[t], want.expand(B, H), **CLOSE)


def test_an_orthogonal_matrix_keeps_the_norm(x):
    model = model_of(Linear)
    nn.init.orthogonal_(model.cells[0].W)
    (g,) = state_gradients(model, x, last)
    torch.testing.assert_close(g.h.norm(dim=-1), model.head.weight.norm().expand(T, B), **CLOSE)


def test_open_forget_and_closed_input_gates_are_a_constant_error_carousel(x):
    model = model_of(LSTM)
    cell = model.cells[0]
    with torch.no_grad():
        cell.W_h.weight.zero_()
        cell.W_x.weight.zero_()
        b_i, b_f, _, _ = cell.W_x.bias.chunk(4)
        b_i.fill_(-1e4)  # i = 0
        b_f.fill_(1e4)  # f = 1
    (g,) = state_gradients(model, x, last)
    assert g.c[-1].abs().min() == 0  # c_T is seen through h_T alone, which is another coordinate
    torch.testing.assert_close(g.c[:-1], g.c[-2].expand(T - 1, B, H), **CLOSE)
    assert g.c[0].abs().min() > 0


def test_a_cell_by_itself_gives_powers_of_its_matrix_for_any_loss(x):
    torch.manual_seed(0)
    cell, w = Linear(I, H).double(), torch.randn(H, dtype=torch.double)
    g = state_gradients(cell, x, lambda run: (run.y[-1] @ w).sum() + run.states.h[4].sum())
    power = [torch.linalg.matrix_power(cell.W.T, k) for k in range(T)]
    for t in range(T):
        want = power[T - 1 - t] @ w
        if t <= 4:
            want = want + power[4 - t] @ torch.ones(H, dtype=torch.double)
        torch.testing.assert_close(g.h[t], want.expand(B, H), **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_by_itself_gives_what_it_gives_in_a_model(cell, x):
    model = model_of(cell)
    (want,) = state_gradients(model, x, last)
    got = state_gradients(model.cells[0], x, lambda run: model.head(run.y[-1]).sum())
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_the_adjoint_recursion_holds(cell, x):
    """g_(t-1) = J_t^T g_t + the direct term, J_t = d step / d s."""
    model = model_of(cell)
    layer, w = model.cells[0], torch.randn(T, B, 1, dtype=torch.double)
    (g,) = state_gradients(model, x, lambda out: (out.prediction * w).sum())
    states, u = model(x, backend="loop").states[0], layer.project(x)
    direct = w * model.head.weight[0]
    for t in range(T - 1, 0, -1):
        before = type(states)(*(leaf[t - 1].detach().requires_grad_() for leaf in states))
        after = layer.step(u[t].detach(), before)
        back = torch.autograd.grad(after, before, [leaf[t] for leaf in g])
        torch.testing.assert_close(g[0][t - 1], back[0] + direct[t - 1], **CLOSE)
        for got, want in zip([leaf[t - 1] for leaf in g[1:]], back[1:], strict=True):
            torch.testing.assert_close(got, want, **CLOSE)


def test_the_gradient_retained_on_c_is_another_quantity(x):
    """It adds the path c_t -> h_t of the same step: o_t (1 - tanh(c_t)^2) dL/dh_t."""
    model = model_of(LSTM)
    (g,) = state_gradients(model, x, last)
    cell, s, kept, gate_o = model.cells[0], model.cells[0].init_state(B), [], []
    for u in cell.project(x).unbind(0):
        gate_o.append(cell.gates(u, s).o.detach())
        s = cell.step(u, s)
        s.c.retain_grad()
        kept.append(s.c)
    model.head(s.h).sum().backward()
    retained, c, o = (
        torch.stack([p.grad for p in kept]),
        torch.stack(kept).detach(),
        torch.stack(gate_o),
    )
    assert not torch.allclose(retained, g.c)
    torch.testing.assert_close(retained, g.c + g.h * o * (1 - c.tanh() ** 2), **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_a_lower_layer_gets_the_gradient_that_finite_differences_give(cell, x):
    model = model_of(cell, layers=2)
    grads = state_gradients(model, x, last)
    taps = [type(g)(*(torch.zeros_like(leaf) for leaf in g)) for g in grads]
    for layer, leaf, t, b, h in ((0, 0, 3, 1, 2), (1, 0, 8, 2, 0), (0, -1, 5, 0, 1)):
        eps, values = 1e-6, []
        for sign in (1, -1):
            taps[layer][leaf][t, b, h] = sign * eps
            values.append(last(model(x, taps=taps, backend="loop")).item())
            taps[layer][leaf][t, b, h] = 0
        want = (values[0] - values[1]) / (2 * eps)
        assert grads[layer][leaf][t, b, h].item() == pytest.approx(want, rel=1e-5, abs=1e-12)
