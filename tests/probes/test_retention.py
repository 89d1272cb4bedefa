"""What is left of a perturbation, of a swapped input, and for a linear map."""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from longlag.cells import LSTM, Cell, Hidden
from longlag.engine import unroll
from longlag.nn.model import Model
from longlag.probes.jacobians import flatten
from longlag.probes.retention import perturbation, probe_r2, retention, share_left, swap

T, B, H = 14, 3, 4
LAST = torch.full((B,), T - 1)


class Linear(Cell):
    """h_t = W h_(t-1) + x_t."""

    def __init__(self, input_size: int = H, hidden_size: int = H):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(0.5 * torch.eye(hidden_size, dtype=torch.double))

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        return Hidden(u + s.h @ self.W.T)


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=Generator().manual_seed(seed))


def test_a_kick_to_a_linear_map_fades_as_its_powers():
    cell, x = Linear(), random(T, B, H)
    s = unroll(cell, x).states
    left = perturbation(cell, x, s, "h", 3, LAST, Generator().manual_seed(0))
    np.testing.assert_allclose(left, 0.5 ** np.arange(T - 3), rtol=1e-9)


def test_an_orthogonal_map_keeps_a_kick():
    cell, x = Linear(), random(T, B, H)
    nn.init.orthogonal_(cell.W)
    s = unroll(cell, x).states
    left = perturbation(cell, x, s, "h", 0, LAST, Generator().manual_seed(0))
    np.testing.assert_allclose(left, 1, rtol=1e-9)


def test_a_kick_to_c_fades_by_the_forget_gate():
    torch.manual_seed(0)
    cell = LSTM(H, H).double()
    with torch.no_grad():
        cell.W_h.weight.zero_()
        cell.W_x.weight.zero_()
        cell.W_x.bias.chunk(4)[3].fill_(-1e4)  # o = 0: the state is c alone
        cell.W_x.bias.chunk(4)[1].fill_(0)  # f = 1/2
    x = random(T, B, H)
    s = unroll(cell, x, backend="loop").states
    left = perturbation(cell, cell.project(x), s, "c", 2, LAST, Generator().manual_seed(0))
    np.testing.assert_allclose(left, 0.5 ** np.arange(T - 2), rtol=1e-9)


def test_a_swapped_input_leaves_the_gradient_matrix_times_the_difference():
    torch.manual_seed(0)
    model = Model(H, 1, Linear, H).double()
    W = model.cells[0].W
    nn.init.normal_(W, std=0.5)
    x, t = random(T, B, H), 4
    left = swap(model, x, t, LAST)["0"]
    d = (x[t].roll(1, 0) - x[t]).detach()
    for k in range(T - t):
        now = d @ torch.linalg.matrix_power(W.T, k)
        assert left[k] == pytest.approx((now.norm(dim=-1) / d.norm(dim=-1)).mean().item())


def test_a_sequence_counts_while_it_lasts_and_only_if_something_was_swapped():
    apart = torch.ones(4, 3, 1)
    apart[:, 1] = 0  # the same symbol was put back
    apart[2:, 0] = 0.5
    left = share_left(apart, t=1, last=torch.tensor([4, 4, 2]))
    np.testing.assert_array_equal(left, [1, 1, 0.5, 0.5])
    assert np.isnan(share_left(apart, t=1, last=torch.tensor([0, 4, 0]))).all()


def test_what_the_state_holds_linearly_is_read_and_what_it_lost_is_not():
    wanted = random(400, 2)
    holds = torch.cat([wanted @ random(2, 5, seed=3), random(400, 3, seed=4)], dim=1)
    lost = random(400, 8, seed=5)
    half = torch.cat([wanted[:, :1], random(400, 3, seed=6)], dim=1)
    r2 = probe_r2(torch.stack([holds @ random(8, 8, seed=7), lost, half.repeat(1, 2)]), wanted)
    assert r2[0] > 0.95
    assert -0.1 < r2[1] < 0.05
    share = (wanted[:, 0].var() / wanted.var(0).sum()).item()
    assert r2[2] == pytest.approx(share, abs=0.05)


def test_a_constant_symbol_cannot_be_told():
    assert np.isnan(probe_r2(random(3, 10, 2), torch.ones(10, 2))).all()


def test_every_layer_and_part_of_the_state_is_kicked():
    torch.manual_seed(0)
    model, x = Model(2, 1, LSTM, H, 2).double(), random(T, B, 2)
    states = model(x, backend="loop").states
    found = retention(model, x, states, 5, LAST, Generator().manual_seed(0))
    assert set(found) == {"swap/0", "swap/1", *(f"kick/{i}/{s}" for i in (0, 1) for s in "hc")}
    assert all(v.shape == (T - 5,) and np.isfinite(v).all() for v in found.values())
    assert found["kick/0/h"][0] == pytest.approx(1)


def test_a_kick_of_a_smooth_cell_is_its_jacobian_times_the_direction():
    torch.manual_seed(0)
    cell, x = LSTM(2, H).double(), random(T, 1, 2)
    u, s = cell.project(x).detach(), unroll(cell, x, backend="loop").states
    left = perturbation(cell, u, s, "c", 6, torch.tensor([T - 1]), Generator().manual_seed(0))
    way = torch.randn(1, H, generator=Generator().manual_seed(0), dtype=torch.double)
    v = torch.cat([torch.zeros(1, H).double(), way / way.norm()], dim=1)

    def step(flat: Tensor) -> Tensor:
        return flatten(cell.step(u[7], type(s)(*flat.split(H, -1))), 1)

    now = flatten(type(s)(*(leaf[6] for leaf in s)), 1).detach()
    moved = torch.autograd.functional.jvp(step, now, v)[1]
    assert left[1] == pytest.approx(moved.norm().item(), rel=0.02)  # a perturbation of 1 % is not 0
