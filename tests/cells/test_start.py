"""Cells start as they say, and say what is wrong with an argument."""

from functools import partial

import pytest
import torch

from longlag.cells import GRU, LSTM, Cell, Elman, GRUv1
from longlag.cells.initial import chrono

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
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(make, said):
    with pytest.raises(ValueError, match=said):
        make(2, 4)


@pytest.mark.parametrize(("cell", "parts"), [(Elman, 1), (LSTM, 2), (GRU, 1), (GRUv1, 1)])
def test_the_state_size_counts_every_part(cell: type[Cell], parts: int):
    assert cell(2, H).state_size == parts * H
