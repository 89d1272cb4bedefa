"""Every backend says what the loop says, and a wrong argument is told apart from a right one."""

from typing import NamedTuple

import pytest
import torch
from torch import nn

from longlag.cells import GRU, LSTM, Cell, Elman, GRUResetBefore, LinearCell, LSTMState
from longlag.engine import unroll

T, B, I, H = 7, 3, 2, 4
CELLS = [LSTM, GRU, GRUResetBefore, Elman]


class Memory(NamedTuple):
    s: torch.Tensor


class Spiral(LinearCell):
    """A complex diagonal recurrence."""

    State = Memory

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 4 * hidden_size)

    def init_state(self, batch_size: int) -> Memory:
        zeros = self.inp.weight.new_zeros(batch_size, self.hidden_size)
        return Memory(torch.complex(zeros, zeros))

    def coefficients(self, u):
        a, phase, real, imag = self.inp(u).chunk(4, dim=-1)
        return torch.polar(torch.sigmoid(a), phase), torch.complex(real, imag)

    def readout(self, s, u):
        return s.s.real


PAIRS = [(cell, "fused") for cell in (LSTM, GRU, Elman)]
PAIRS += [(cell, "compiled") for cell in CELLS] + [(Spiral, "scan")]


def make(cell: type[Cell], dtype=torch.float64) -> Cell:
    torch.manual_seed(1)
    return cell(I, H).to(dtype)


def inputs() -> torch.Tensor:
    return torch.randn(T, B, I, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def gradients(cell, x, state=None, **how):
    x = x.clone().requires_grad_()
    state = None if state is None else type(state)(*(s.clone().requires_grad_() for s in state))
    out = unroll(cell, x, state, **how)
    leaves = [torch.view_as_real(s) if s.is_complex() else s for s in out.final]
    loss = out.y.sin().sum() + sum(leaf.cos().sum() for leaf in leaves)
    wanted = [x, *(state or ()), *cell.parameters()]
    return [out.y, *out.final, *torch.autograd.grad(loss, wanted)]


@pytest.mark.parametrize(("cell", "backend"), PAIRS)
@pytest.mark.parametrize("how", ["plain", "lengths", "state", "resets", "eval"])
def test_every_backend_agrees_with_the_loop(cell, backend, how):
    net, x = make(cell), inputs()
    start = net.init_state(B)
    args = {
        "plain": {},
        "eval": {},
        "lengths": {"lengths": torch.tensor([3, 7, 1])},
        "state": {"state": type(start)(*(torch.randn_like(s) for s in start))},
        "resets": {"resets": torch.arange(T)[:, None] == torch.tensor([0, 3, 5])},
    }[how]
    net.train(how != "eval")
    if backend in ("fused", "compiled") and how == "resets":
        with pytest.raises(ValueError, match="no resets"):
            unroll(net, x, backend=backend, **args)
        return
    for got, true in zip(
        gradients(net, x, backend=backend, **args),
        gradients(net, x, backend="loop", **args),
        strict=True,
    ):
        torch.testing.assert_close(got, true, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("cell", "backend"), [*PAIRS, (LSTM, "loop")])
def test_a_trajectory_says_which_backend_ran(cell, backend):
    assert unroll(make(cell), inputs(), backend=backend).backend == backend


def test_taps_give_the_same_gradient_on_scan_and_loop():
    net, x = make(Spiral), inputs()
    found = []
    for backend in ("scan", "loop"):
        tap = torch.zeros(T, B, H, dtype=torch.complex128, requires_grad=True)
        out = unroll(net, x, taps=Memory(tap), backend=backend, lengths=torch.tensor([2, 7, 4]))
        found += torch.autograd.grad(out.y.pow(2).sum(), tap)
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-12)
    assert found[0].abs().sum() > 0


@pytest.mark.parametrize("cell", [*CELLS, Spiral])
@pytest.mark.parametrize("backend", ["loop", "auto"])
def test_two_halves_with_the_carry_are_one_whole_and_the_carry_stays_as_it_was(cell, backend):
    net, x = make(cell), inputs()
    whole = unroll(net, x, backend=backend)
    first = unroll(net, x[:3], backend=backend)
    kept = [leaf.clone() for leaf in first.final]
    second = unroll(net, x[3:], first.final, backend=backend)
    torch.testing.assert_close(torch.cat([first.y, second.y]), whole.y)
    assert all(torch.equal(*pair) for pair in zip(kept, first.final, strict=True))


@pytest.mark.parametrize("cell", [*CELLS, Spiral])
def test_a_padded_sequence_ends_as_it_does_alone(cell):
    net, x, lengths = make(cell), inputs(), torch.tensor([3, 7, 1])
    out = unroll(net, x, lengths=lengths)
    for b, n in enumerate(lengths.tolist()):
        alone = unroll(net, x[:n, b : b + 1])
        torch.testing.assert_close(out.y[:n, b : b + 1], alone.y)
        assert not out.y[n:, b].any()
        for got, true in zip(out.final, alone.final, strict=True):
            torch.testing.assert_close(got[b], true[0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"backend": "fast"}, "is not one of"),
        ({"lengths": torch.tensor([0, 3, 3])}, "between 1 and T = 7"),
        ({"lengths": torch.tensor([8, 3, 3])}, "between 1 and T = 7"),
        ({"state": (torch.zeros(B, H),)}, "must be a LSTMState of h, c, not a tuple"),
        ({"state": LSTMState(*torch.zeros(2, 1, H))}, r"state.h must have shape \(3, 4\)"),
        ({"taps": LSTMState(*torch.zeros(2, B, H))}, r"taps.h must have shape \(7, 3, 4\)"),
        ({"backend": "scan"}, "linear cells only"),
        ({"backend": "fused", "taps": LSTMState(*torch.zeros(2, T, B, H))}, "no taps"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_was_allowed(wrong, said):
    with pytest.raises(ValueError, match=said):
        unroll(make(LSTM, torch.float32), torch.zeros(T, B, I), **wrong)


def test_inputs_of_another_size_or_without_steps_are_refused():
    with pytest.raises(ValueError, match="built for input_size 2"):
        unroll(make(LSTM, torch.float32), torch.zeros(T, B, 3))
    with pytest.raises(ValueError, match="no steps"):
        unroll(make(LSTM, torch.float32), torch.zeros(0, B, I))
