"""Jacobians of a step and their products: finite differences and closed forms."""

import math
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from longlag.cells import (
    GRU,
    LSTM,
    AntisymmetricRNN,
    Cell,
    Elman,
    GRUResetBefore,
    Hidden,
    IndRNN,
    OrthogonalRNN,
)
from longlag.engine import unroll
from longlag.probes.jacobians import (
    backwards,
    flatten,
    products,
    singular_values,
    spectral_radius,
    step_bound,
    step_jacobians,
)
from longlag.probes.profile import previous_states

T, B, I, H = 9, 2, 3, 4
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=Generator().manual_seed(seed))


def jacobians_of(cell: Cell, x: Tensor) -> tuple[Tensor, Tensor, Any]:
    u, states = cell.project(x), unroll(cell, x, backend="loop").states
    return step_jacobians(cell, u, previous_states(cell, states)), u, previous_states(cell, states)


@pytest.mark.parametrize("kind", [Elman, LSTM, GRU, GRUResetBefore])
def test_a_step_jacobian_is_what_finite_differences_give(kind):
    torch.manual_seed(0)
    cell = kind(I, H).double()
    J, u, start = jacobians_of(cell, random(T, B, I))
    sizes = [H] * len(start)
    t, b, eps = 4, 1, 1e-6
    v = flatten(start)[t, b].detach()
    for j in range(len(v)):
        ends = []
        for sign in (1, -1):
            w = v.clone()
            w[j] += sign * eps
            s = cell.step(u[t, [b]], type(start)(*w[None].split(sizes, -1)))
            ends.append(flatten(s, 1)[0].detach())
        want = (ends[0] - ends[1]) / (2 * eps)
        torch.testing.assert_close(J[t, b, :, j], want, rtol=1e-6, atol=1e-9)


def test_the_jacobian_of_a_tanh_step_is_its_slope_times_the_matrix():
    torch.manual_seed(0)
    cell = Elman(I, H).double()
    x = random(T, B, I)
    J, _, _ = jacobians_of(cell, x)
    h = unroll(cell, x, backend="loop").states.h
    want = (1 - h.square())[..., None] * cell.W_h.weight
    torch.testing.assert_close(J, want.detach(), **CLOSE)


def test_no_step_of_a_vanilla_rnn_stretches_more_than_its_bound():
    torch.manual_seed(0)
    cell = Elman(I, H).double()
    with torch.no_grad():
        cell.W_h.weight.copy_(torch.diag(torch.tensor([0.5, -1.5, 0.25, 1.0])))
    assert step_bound(cell) == pytest.approx(1.5)
    J, _, _ = jacobians_of(cell, random(T, B, I))
    assert float(singular_values(J).max()) <= 1.5
    at_rest, _, _ = jacobians_of(cell, torch.zeros(T, B, I).double())
    assert float(singular_values(at_rest).max()) <= 1.5
    assert step_bound(LSTM(I, H)) is None


@pytest.mark.parametrize("kind", [Elman, IndRNN, OrthogonalRNN, AntisymmetricRNN])
@pytest.mark.parametrize("size", [1.0, 3.0])
def test_a_bound_from_the_weights_holds_at_every_step(kind, size):
    torch.manual_seed(0)
    cell = kind(I, H).double()
    bound = step_bound(cell)
    assert bound is not None
    J, _, _ = jacobians_of(cell, size * random(T, B, I))
    largest = float(singular_values(J).max())
    assert largest <= bound * (1 + 1e-9)


def test_the_steps_one_by_one_bound_their_product():
    J = random(T, H, H)
    found = products(J)
    want = torch.linalg.matrix_norm(J, 2).log().cumsum(0)
    torch.testing.assert_close(found.log_steps, want, **CLOSE)
    assert bool((found.log_norm <= found.log_steps + 1e-9).all())


def test_the_spectral_radius_of_a_rotation_is_one_and_of_a_shear_its_diagonal():
    angle = 0.3
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear = torch.tensor([[0.5, 100.0], [0.0, -0.25]])
    both = torch.stack([turn, shear]).double()
    torch.testing.assert_close(
        spectral_radius(both), torch.tensor([1.0, 0.5]).double(), rtol=1e-6, atol=1e-6
    )


def test_lyapunov_exponents_of_a_diagonal_map_are_the_logs_of_its_entries():
    a = torch.tensor([0.5, -2.0, 0.9, 1.0]).double()
    J = torch.diag(a).expand(50, 4, 4)
    want = a.abs().log().sort(descending=True).values
    torch.testing.assert_close(products(J).exponents, want, **CLOSE)


def test_lyapunov_exponents_add_up_to_the_mean_log_volume():
    J = random(40, 5, 5)
    torch.testing.assert_close(
        products(J).exponents.sum(), torch.linalg.slogdet(J)[1].mean(), **CLOSE
    )


def test_a_lost_direction_has_the_exponent_minus_infinity():
    J = torch.diag(torch.tensor([0.5, 0.0]).double()).expand(5, 2, 2)
    assert products(J).exponents.tolist() == [pytest.approx(math.log(0.5)), -math.inf]


def test_the_norm_of_a_product_is_that_of_the_plain_product():
    J = random(6, 4, 4)
    log_norm = products(J.flip(0)).log_norm
    P = torch.eye(4).double()
    for k, J_t in enumerate(J.flip(0)):
        P = P @ J_t
        torch.testing.assert_close(log_norm[k].exp(), torch.linalg.matrix_norm(P, 2), **CLOSE)


def test_a_product_far_below_the_smallest_double_is_still_a_number():
    Q = torch.linalg.qr(random(4, 4))[0]
    J = (0.01 * Q).expand(1000, 4, 4)
    log_norm, _, exponents = products(J)
    assert log_norm[-1].item() == pytest.approx(1000 * math.log(0.01))
    torch.testing.assert_close(
        exponents, torch.full((4,), math.log(0.01), dtype=torch.double), **CLOSE
    )


def test_a_product_bounds_the_gradient_that_taps_measure():
    from longlag.nn.model import Model
    from longlag.probes.taps import state_gradients

    torch.manual_seed(0)
    model, x = Model(I, 1, LSTM, H).double(), random(T, 1, I)
    (g,) = state_gradients(model, x, lambda out: out.prediction[-1].sum())
    J, _, _ = jacobians_of(model.cells[0], x)
    g = flatten(g)[:, 0]
    P = torch.eye(2 * H).double()
    for k, J_t in enumerate(J[:, 0].flip(0)[:-1]):
        P = P @ J_t  # J_T ... J_(T-k)
        torch.testing.assert_close(g[T - 2 - k], P.T @ g[-1], **CLOSE)
    bound = products(J[:, 0].flip(0)).log_norm[:-1].exp() * g[-1].norm()
    assert bool((g[:-1].norm(dim=-1).flip(0) <= bound * (1 + 1e-9)).all())


@pytest.mark.parametrize("steps", [1, 32, 70])
def test_jacobians_in_pieces_are_those_of_one_call_in_reverse(steps):
    torch.manual_seed(0)
    cell = LSTM(I, H).double()
    J, u, start = jacobians_of(cell, random(steps, 1, I))
    pieces = list(backwards(cell, u[:, 0], type(start)(*(leaf[:, 0] for leaf in start))))
    torch.testing.assert_close(torch.stack(pieces).flip(0), J[:, 0], **CLOSE)


def test_a_linear_map_has_the_same_jacobian_at_every_step():
    class Linear(Cell):
        def __init__(self) -> None:
            super().__init__(H, H)
            self.W = nn.Parameter(random(H, H, seed=3))

        def step(self, u, s):
            return Hidden(u + s.h @ self.W.T)

    cell = Linear()
    J, _, _ = jacobians_of(cell, random(T, B, H))
    torch.testing.assert_close(J, cell.W.detach().expand(T, B, H, H), **CLOSE)
