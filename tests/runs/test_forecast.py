"""Forecasts: running free is the whole history again, each answer put in as if it were true."""

import numpy as np
import pytest
import torch

from longlag.cells import GRU, LSTM
from longlag.errors import LonglagError
from longlag.nn.bidirectional import Bidirectional
from longlag.nn.causal_conv import CausalConvolution
from longlag.nn.model import Model
from longlag.runs.forecast import (
    ForecastResult,
    ahead_error,
    feeds_back,
    forecast_series,
    free_error,
    valid_steps,
)
from longlag.tasks import Narma, Sine

CELLS = pytest.mark.parametrize("cell", [GRU, LSTM])


def model(cell, size: int = 1, **how) -> Model:
    torch.manual_seed(0)
    return Model(size, size, cell, hidden_size=5, layers=2, dropout=0.5, **how)


def series(size: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    whole = torch.randn(13, 3, size, generator=torch.Generator().manual_seed(1))
    return whole[:-1], whole[1:]


@CELLS
@pytest.mark.parametrize("front", [None, CausalConvolution], ids=["plain", "front"])
@pytest.mark.parametrize("warm", [1, 4, 12])
def test_running_free_is_the_whole_history_again_with_each_answer_put_in(cell, front, warm: int):
    ours, (x, target) = model(cell, 2, front=front), series(2)
    found = forecast_series(ours, x, target, warm)
    ours.eval()
    history, answers = x[:warm], []
    with torch.no_grad():
        for _ in range(len(x) - warm + 1):
            answers.append(ours(history).prediction[-1:])
            history = torch.cat([history, answers[-1]])
    assert found.free.shape == (13 - warm, 3, 2)
    assert np.allclose(found.free, torch.cat(answers).numpy(), atol=1e-6)
    assert np.allclose(found.free[0], found.ahead[warm - 1], atol=1e-6)


@CELLS
def test_no_forecast_sees_what_comes_after_it(cell):
    ours, (x, target) = model(cell), series()
    changed = x.clone()
    changed[6:] += 1
    one, other = (
        forecast_series(ours, seen, torch.cat([seen[1:], target[-1:]]), 6) for seen in (x, changed)
    )
    assert np.allclose(one.ahead[:6], other.ahead[:6]) and np.allclose(one.free, other.free)
    assert not np.allclose(one.ahead[6:], other.ahead[6:])


def test_dropout_is_off_and_the_model_is_left_as_it_was():
    ours, (x, target) = model(GRU).train(), series()
    one, other = (forecast_series(ours, x, target, 5) for _ in range(2))
    assert np.array_equal(one.ahead, other.ahead) and ours.training


def test_only_a_series_that_answers_itself_runs_free():
    for task, can in ((Sine(length=20), True), (Narma(length=25), False)):
        x, target, *_ = task.batch("test", 0, 0, 4)
        assert feeds_back(x, target) is can
        assert (forecast_series(model(GRU), x, target, 10).free is not None) is can


def test_a_model_that_reads_from_the_end_too_is_refused():
    with pytest.raises(LonglagError, match="a bidirectional model sees the values"):
        forecast_series(model(GRU, layer=Bidirectional), *series(), 5)


def test_errors_are_in_deviations_of_the_series():
    truth = np.array([0.0, 2.0, 0.0, 2.0])[:, None, None].repeat(2, axis=1)  # deviation 1
    found = ForecastResult(2, truth, truth + 0.3, np.zeros((3, 2, 1)))
    assert ahead_error(found) == pytest.approx(0.3 / truth[1:].std())
    assert free_error(found).tolist() == [[2, 2], [0, 0], [2, 2]]


def test_a_forecast_is_valid_until_its_error_first_exceeds_the_bound():
    error = np.array([[0.1, 0.5, 0.4], [0.3, 0.1, 0.4], [0.41, 0.1, 0.4]])
    assert valid_steps(error).tolist() == [2, 0, 3]
