"""A state may have any shape: it is run, carried, reset, tapped and, where it can be, compiled."""

from typing import NamedTuple

import pytest
import torch
from torch import nn

from longlag.cells import Cell
from longlag.engine import compiled, unroll

T, B, I, H = 6, 3, 4, 5


class Memory(NamedTuple):
    h: torch.Tensor  # (B,H)
    S: torch.Tensor  # (B,H,H)


class FastWeights(Cell):
    """S_t = f_t S_(t-1) + v_t k_t^T, h_t = tanh(S_t q_t + W h_(t-1))."""

    State = Memory

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 4 * hidden_size)
        self.rec = nn.Linear(hidden_size, hidden_size, bias=False)

    def init_state(self, batch_size: int) -> Memory:
        zeros = self.inp.weight.new_zeros
        H = self.hidden_size
        return Memory(zeros(batch_size, H), zeros(batch_size, H, H))

    def project(self, x):
        return self.inp(x)

    def step(self, u, s):
        q, k, v, f = u.chunk(4, -1)
        S = torch.sigmoid(f)[..., None] * s.S + v[..., None] * k[..., None, :]
        return Memory(torch.tanh((S * q[..., None, :]).sum(-1) + self.rec(s.h)), S)


def made() -> tuple[FastWeights, torch.Tensor, Memory]:
    torch.manual_seed(0)
    cell = FastWeights(I, H).double()
    start = Memory(*(torch.randn_like(leaf) for leaf in cell.init_state(B)))
    return cell, torch.randn(T, B, I, dtype=torch.float64), start


@pytest.mark.parametrize("lengths", [None, torch.tensor([2, 6, 1])])
def test_the_compiled_step_has_the_values_and_gradients_of_the_loop(lengths):
    cell, x, start = made()
    found = []
    for backend in ("loop", "compiled"):
        s = Memory(*(leaf.clone().requires_grad_() for leaf in start))
        run = unroll(cell, x, s, lengths=lengths, backend=backend)
        assert run.backend == backend and run.states.S.shape == (T, B, H, H)
        loss = run.y.sin().sum() + run.final.S.cos().sum()
        found.append([run.y, *run.final, *torch.autograd.grad(loss, [*s, *cell.parameters()])])
    for ours, true in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(ours, true, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("backend", ["loop", "compiled"])
def test_two_halves_with_the_carry_are_one_whole(backend):
    cell, x, start = made()
    whole = unroll(cell, x, start, backend=backend)
    first = unroll(cell, x[:2], start, backend=backend)
    second = unroll(cell, x[2:], first.final, backend=backend)
    torch.testing.assert_close(torch.cat([first.y, second.y]), whole.y)
    torch.testing.assert_close(second.final.S, whole.final.S)


def test_taps_and_resets_reach_every_part():
    cell, x, _ = made()
    taps = Memory(*(leaf.new_zeros(T, *leaf.shape).requires_grad_() for leaf in cell.init_state(B)))
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[3, 0] = True
    run = unroll(cell, x, taps=taps, resets=resets)
    g = torch.autograd.grad(run.y[-1].sum(), taps)
    assert run.backend == "loop" and not g[1][2, 0].any() and g[1][2, 1].any()


def test_a_matrix_state_of_heads_is_compiled_by_batched_products():
    class Delta(FastWeights):
        def step(self, u, s):
            q, k, v, f = u.chunk(4, -1)
            read = torch.bmm(s.S, k.unsqueeze(-1)).squeeze(-1)
            S = s.S + torch.einsum("bi,bj->bij", torch.sigmoid(f) * (v - read), k)
            return Memory(torch.tanh(torch.einsum("bij,bj->bi", S, q)), S)

    cell = Delta(I, H).double()
    assert isinstance(
        compiled.compiled_step(cell, torch.zeros(1, 1, I).double()), compiled.CompiledStep
    )
