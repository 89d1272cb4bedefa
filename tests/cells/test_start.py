"""Cells start as they say, and say what is wrong with an argument."""

from functools import partial

import pytest
import torch

from longlag.cells import (
    GRU,
    JANET,
    LEM,
    LRU,
    LSTM,
    SCRN,
    SLSTM,
    UGRNN,
    AntisymmetricRNN,
    Cell,
    CoRNN,
    Elman,
    FullGateLSTM,
    GRUResetBefore,
    IndRNN,
    LSTMVariant,
    MinLSTM,
    OrthogonalRNN,
)
from longlag.cells.base import gates_by_letter
from longlag.cells.initial import chrono
from longlag.engine import unroll

H = 64


def biases(cell: LSTM) -> dict[str, torch.Tensor]:
    return dict(zip("ifgo", cell.W_x.bias.detach().chunk(4), strict=True))


def test_the_forget_bias_is_the_one_given_and_adds_to_no_other():
    assert biases(LSTM(2, H))["f"].eq(1).all()
    assert biases(LSTM(2, H, forget_bias=-2.5))["f"].eq(-2.5).all()
    for letter in "igo":
        assert biases(LSTM(2, H, forget_bias=9.0))[letter].abs().max() <= H**-0.5


def test_chrono_spreads_the_time_scales_of_forgetting_evenly_up_to_the_longest():
    """A forget gate sigmoid(b) keeps for 1 / (1 - sigmoid(b)) = 1 + exp(b) steps."""
    torch.manual_seed(0)
    scales = 1 + chrono(20000, 101).double().exp()
    assert 2 <= scales.min() < 2.1 and 100.9 < scales.max() <= 101
    assert scales.mean().item() == pytest.approx(51.5, rel=0.02)  # U[2, 101]
    assert scales.std().item() == pytest.approx(99 / 12**0.5, rel=0.02)


def test_chrono_opens_the_input_gate_as_far_as_the_forget_gate_lets_go():
    start = biases(LSTM(2, H, chrono=50))
    assert torch.equal(start["i"], -start["f"]) and start["f"].std() > 0.1


def test_an_irnn_starts_as_published_a_sum_of_a_thousandth_of_what_it_sees():
    torch.manual_seed(0)
    cell = Elman(40, H, "relu", "identity")
    assert torch.equal(cell.W_h.weight, torch.eye(H)) and not cell.W_x.bias.any()
    assert cell.W_x.weight.std().item() == pytest.approx(0.001, rel=0.05)
    h = torch.rand(3, H)
    assert torch.equal(cell.step(torch.ones(3, H), cell.State(h)).h, h + 1)


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("hidden", [4, 64, 1000])
def test_an_antisymmetric_step_stretches_nothing_at_the_start(hidden: int, gated: bool):
    """Proposition 2: |1 + eps lambda| <= 1 for every eigenvalue of A - A^T - gamma 1."""
    torch.manual_seed(0)
    cell = AntisymmetricRNN(2, hidden, gated=gated).double()
    flow = cell.matrix().detach() - cell.gamma * torch.eye(hidden).double()
    torch.testing.assert_close(cell.matrix(), -cell.matrix().T)
    step = torch.eye(hidden).double() + cell.eps * flow
    assert torch.linalg.eigvals(step).abs().max() <= 1
    assert sum(p.numel() for p in (cell.A,)) == hidden * (hidden - 1) // 2


def test_the_gradient_of_an_antisymmetric_rnn_does_not_grow_over_a_thousand_steps():
    torch.manual_seed(0)
    cell = AntisymmetricRNN(2, H).double()
    s = cell.State(torch.zeros(2, H).double().requires_grad_())
    x = torch.rand(1000, 2, 2).double()
    (g,) = torch.autograd.grad(unroll(cell, x, s, backend="loop").y[-1, :, 0].sum(), s.h)
    left = g.norm(dim=-1)  # of a gradient of norm 1 at the last step
    assert (left <= 1).all() and (left > 0.01).all()


def test_corn_starts_within_the_fan_of_its_three_inputs():
    cell = CoRNN(30, 35)
    for p in cell.parameters():
        assert 0.08 < p.abs().max() <= 0.1  # 1 / sqrt(30 + 2 * 35)


@pytest.mark.parametrize("inputs", [50, 200])
def test_the_matrices_of_an_lru_start_as_published(inputs: int):
    torch.manual_seed(0)
    cell = LRU(inputs, 200)
    assert cell.B.weight.std().item() == pytest.approx((2 * inputs) ** -0.5, rel=0.05)
    assert cell.C.weight.std().item() == pytest.approx(200**-0.5, rel=0.05)
    assert cell.D.shape == ((200,) if inputs == 200 else (200, inputs))
    x = torch.randn(1000, inputs)
    straight = cell.project(x).chunk(3, -1)[2]
    assert straight.std().item() == pytest.approx(1.0, rel=0.15)


def test_every_orthogonal_rnn_starts_as_a_rotation():
    for seed in range(8):
        torch.manual_seed(seed)
        U = OrthogonalRNN(2, 5).W_h.weight.detach().double()
        assert torch.linalg.det(U).item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("log_gate", [-105.0, -1e4, 0.0, 80.0])
def test_an_slstm_whose_first_input_gate_is_all_but_shut_is_finite(log_gate: float):
    cell = SLSTM(2, 4)
    with torch.no_grad():
        cell.W_x.bias.chunk(4)[0].fill_(log_gate)
    x = torch.randn(5, 3, 2, requires_grad=True)
    run = unroll(cell, x, backend="loop")
    (g,) = torch.autograd.grad(run.y.sum(), x)
    assert run.y.isfinite().all() and g.isfinite().all()
    first = cell.step(cell.project(x)[0], cell.init_state(3))
    i, _, z, o = (cell.project(x)[0]).chunk(4, -1)
    torch.testing.assert_close(first.h, torch.sigmoid(o) * torch.tanh(z))
    torch.testing.assert_close(first.m, i)


def test_an_indrnn_with_a_longest_lag_starts_near_one_and_stays_in_its_bound():
    torch.manual_seed(0)
    cell = IndRNN(2, H, longest=100)
    assert cell.u.min() >= 2**-0.01 and cell.u.max() <= 2**0.01
    with torch.no_grad():
        cell.u.mul_(-9)
    assert cell.held().eq(-(2**0.01)).all()
    assert IndRNN(2, H).u.min() >= 0 and IndRNN(2, H).u.max() <= 1


def test_an_orthogonal_start_keeps_every_length():
    cell = Elman(2, H, recurrent="orthogonal").double()
    torch.testing.assert_close(
        cell.W_h.weight @ cell.W_h.weight.T, torch.eye(H).double(), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("cell", [Elman, LSTM, GRU, GRUResetBefore])
@pytest.mark.parametrize(("sizes", "said"), [((0, 4), "input_size"), ((2, -1), "hidden_size")])
def test_a_size_below_one_is_refused_by_name(cell: type[Cell], sizes, said):
    with pytest.raises(ValueError, match=f"{cell.__name__}: {said} must be at least 1, not"):
        cell(*sizes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (partial(Elman, nonlinearity="gelu"), "must be tanh or relu, not 'gelu'"),
        (partial(Elman, recurrent="eye"), "uniform or orthogonal or identity, not 'eye'"),
        (partial(LSTM, chrono=2), "at least 3 steps, not 2"),
        (partial(JANET, chrono=2), "at least 3 steps, not 2"),
        (partial(LSTMVariant, output_gate="shut"), "output_gate must be own or open, not 'shut'"),
        (partial(LSTMVariant, forget_gate="no"), "must be own or open or coupled, not 'no'"),
        (partial(LSTMVariant, input_activation="relu"), "tanh or identity, not 'relu'"),
        (
            partial(LSTMVariant, input_gate="open", forget_gate="coupled"),
            "1 - i needs an input gate of its own",
        ),
        (
            partial(LSTMVariant, forget_gate="open", forget_bias=1.0),
            "forget_bias is 1.0, but there is no forget gate",
        ),
        (partial(OrthogonalRNN, nonlinearity="relu"), "must be modrelu or tanh, not 'relu'"),
        (partial(AntisymmetricRNN, eps=0.0), "eps must be positive"),
        (partial(IndRNN, longest=0), "longest must be at least 1 step, not 0"),
        (partial(CoRNN, dt=-1.0), "must be positive"),
        (partial(LEM, dt=2.0), r"must lie in \(0, 1\], not 2.0"),
        (partial(SCRN, alpha=1.0), r"must lie in \[0, 1\), not 1.0"),
        (partial(LRU, r_max=1.0), "r_max < 1"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(make, said):
    with pytest.raises(ValueError, match=said):
        make(2, 4)


def gate_at_rest(cell: Cell, letter: str) -> torch.Tensor:
    """With no input and no state, and the biases alone."""
    gates = cell.gates(cell.project(torch.zeros(1, 1, 2)), cell.init_state(1))
    return gates_by_letter(gates)[letter]


@pytest.mark.parametrize(
    ("cell", "letter"),
    [
        (LSTMVariant(2, H, forget_bias=3.0), "f"),
        (LSTMVariant(2, H, forget_gate="coupled", forget_bias=3.0), "f"),
        (LSTMVariant(2, H, input_gate="open", forget_bias=3.0), "f"),
        (FullGateLSTM(2, H, forget_bias=3.0), "f"),
        (JANET(2, H, forget_bias=3.0), "f"),
        (UGRNN(2, H, gate_bias=3.0), "g"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_bias_of_three_opens_the_gate_that_keeps_to_sigmoid_three(cell: Cell, letter: str):
    want = torch.tensor(3.0).sigmoid().expand(1, 1, H)
    torch.testing.assert_close(gate_at_rest(cell, letter).reshape(1, 1, H), want)


def test_the_gates_of_a_minlstm_sum_to_one():
    cell = MinLSTM(2, H)
    torch.testing.assert_close(
        gate_at_rest(cell, "f") + gate_at_rest(cell, "i"), torch.ones(1, 1, H)
    )


def test_an_lru_starts_on_the_ring_that_was_asked_for_and_with_unit_gain():
    cell = LRU(2, 4000, r_min=0.5, r_max=0.9, max_phase=1.0)
    a, _ = cell.coefficients(torch.zeros(1, 1, 3 * 4000))
    radius, phase = a.abs().flatten().double(), a.angle().flatten().double()
    assert radius.min() >= 0.499 and radius.max() <= 0.901
    assert 0 <= phase.min() < 0.01 and 0.99 < phase.max() <= 1.001
    assert radius.square().mean().item() == pytest.approx((0.25 + 0.81) / 2, rel=0.02)
    gain = cell.gamma.double().exp() ** 2 + radius**2
    torch.testing.assert_close(gain, torch.ones_like(gain), rtol=0, atol=1e-6)


def test_an_orthogonal_rnn_stays_orthogonal_wherever_training_takes_it():
    cell = OrthogonalRNN(2, 8).double()
    cell.W_h.parametrizations.weight[0].base = torch.linalg.qr(torch.randn(8, 8).double())[0]
    with torch.no_grad():
        cell.W_h.parametrizations.weight.original.normal_()
    U = cell.W_h.weight
    torch.testing.assert_close(U @ U.T, torch.eye(8).double(), rtol=1e-12, atol=1e-12)
    assert sum(p.numel() for p in cell.W_h.parameters()) == 8 * 7 // 2


def test_a_computed_weight_is_computed_once_a_run():
    cell, count = OrthogonalRNN(2, 4), []
    cell.W_h.parametrizations.weight[0].register_forward_hook(lambda *_: count.append(1))
    unroll(cell, torch.randn(20, 3, 2), backend="loop")
    assert len(count) == 1


@pytest.mark.parametrize(
    ("cell", "parts"), [(Elman, 1), (LSTM, 2), (GRU, 1), (FullGateLSTM, 5), (SCRN, 2), (LRU, 2)]
)
def test_the_state_size_counts_every_part(cell: type[Cell], parts: int):
    assert cell(2, H).state_size == parts * H
