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
    UGRNN,
    AntisymmetricRNN,
    Cell,
    CoRNN,
    Elman,
    FullGateLSTM,
    GRUv1,
    LSTMVariant,
    MinLSTM,
    OrthogonalRNN,
)
from longlag.cells.initial import chrono
from longlag.engine import unroll

H = 64


def biases(cell: LSTM) -> dict[str, torch.Tensor]:
    return dict(zip("ifgo", cell.inp.bias.detach().chunk(4), strict=True))


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


def test_an_irnn_starts_as_a_sum_of_what_it_sees():
    cell = Elman(2, H, "relu", "identity")
    assert torch.equal(cell.rec.weight, torch.eye(H)) and not cell.inp.bias.any()
    h = torch.rand(3, H)
    assert torch.equal(cell.step(torch.ones(3, H), cell.State(h)).h, h + 1)


def test_an_orthogonal_start_keeps_every_length():
    cell = Elman(2, H, recurrent="orthogonal").double()
    torch.testing.assert_close(
        cell.rec.weight @ cell.rec.weight.T, torch.eye(H).double(), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("cell", [Elman, LSTM, GRU, GRUv1])
@pytest.mark.parametrize(("sizes", "said"), [((0, 4), "input_size"), ((2, -1), "hidden_size")])
def test_a_size_below_one_is_refused_by_name(cell: type[Cell], sizes, said):
    with pytest.raises(ValueError, match=f"{cell.__name__}: {said} must be at least 1, not"):
        cell(*sizes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (partial(Elman, nonlinearity="gelu"), "must be tanh or relu, not 'gelu'"),
        (partial(Elman, recurrent="eye"), "uniform, orthogonal or identity, not 'eye'"),
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
    return cell.gates(cell.project(torch.zeros(1, 1, 2)), cell.init_state(1))[letter]


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
    cell.rec.parametrizations.weight[0].base = torch.linalg.qr(torch.randn(8, 8).double())[0]
    with torch.no_grad():
        cell.rec.parametrizations.weight.original.normal_()
    U = cell.rec.weight
    torch.testing.assert_close(U @ U.T, torch.eye(8).double(), rtol=1e-12, atol=1e-12)
    assert sum(p.numel() for p in cell.rec.parameters()) == 8 * 7 // 2


def test_a_computed_weight_is_computed_once_a_run():
    cell, count = OrthogonalRNN(2, 4), []
    cell.rec.parametrizations.weight[0].register_forward_hook(lambda *_: count.append(1))
    unroll(cell, torch.randn(20, 3, 2), backend="loop")
    assert len(count) == 1


@pytest.mark.parametrize(
    ("cell", "parts"), [(Elman, 1), (LSTM, 2), (GRU, 1), (FullGateLSTM, 5), (SCRN, 2), (LRU, 2)]
)
def test_the_state_size_counts_every_part(cell: type[Cell], parts: int):
    assert cell(2, H).state_size == parts * H
