"""Measured series: time goes one way through the splits, and each value is asked once."""

import numpy as np
import pytest
import torch

from longlag.tasks import SPLITS, ElNino, Laser, Sunspots
from longlag.tasks.data.series import Series

PACKAGES = {Laser: "reservoirpy", Sunspots: "statsmodels", ElNino: "statsmodels"}


@pytest.fixture(params=PACKAGES, ids=lambda task: task.name, scope="module")
def task(request: pytest.FixtureRequest) -> Series:
    pytest.importorskip(PACKAGES[request.param])
    return request.param()


def test_the_splits_are_the_series_in_the_order_of_time(task: Series):
    x = task.read()["x"]
    n = [len(task.pieces[split]) for split in SPLITS]
    assert sum(n) == len(x) and np.allclose(np.array(n) / len(x), (0.6, 0.2, 0.2), atol=0.005)
    whole = torch.cat([task.pieces[split] for split in SPLITS])[:, 0].numpy()
    train = x[: n[0]]
    assert np.allclose(whole * train.std() + train.mean(), x, atol=1e-3)


def test_the_target_is_the_next_value_and_the_windows_stay_in_their_split(task: Series):
    for split in SPLITS:
        x, target, weight, lengths, _ = task.batch(split, 0, 0, 64)
        assert lengths is None and torch.equal(x[1:], target[:-1])
        assert not weight[:8].any() and bool((weight[8:] == 1).all())
        known = task.pieces[split].unfold(0, task.length + 1, 1)[:, 0]
        shown = torch.cat([x, target[-1:]])[..., 0].T
        assert all(bool((known == one).all(1).any()) for one in shown)


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_an_evaluation_asks_each_value_once(task: Series, batch_size: int):
    for split in SPLITS[1:]:
        batches = list(task.evaluation(split, 0, 10**6, batch_size))
        asked = torch.cat([b.target.movedim(1, 0)[b.weight.T > 0] for b in batches])
        assert torch.equal(asked, task.pieces[split][9:])


def test_the_simple_answers_score_what_they_say_on_the_test(task: Series):
    """Fitted again from the raw series, by normal equations."""
    x, order = task.read()["x"], 8
    n = [len(task.pieces[split]) for split in SPLITS]

    def table(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = [[1.0, *part[t - order : t]] for t in range(order + 1, len(part))]
        return np.array(rows), part[order + 1 :]

    (past, wanted), (seen, asked) = table(x[: n[0]]), table(x[n[0] + n[1] :])
    weights = np.linalg.solve(past.T @ past, past.T @ wanted)
    now = np.linalg.lstsq(past[:, [0, -1]], wanted)[0]
    error = [asked - seen @ weights, asked - seen[:, [0, -1]] @ now, asked - seen[:, -1]]
    found = [np.sqrt((one**2).mean()) / asked.std() for one in error]
    known = [*task.spec.baselines, *task.spec.floors]
    assert [one.value for one in known] == pytest.approx(found, rel=2e-4)


def test_a_window_must_fit_into_every_split():
    pytest.importorskip("statsmodels")
    with pytest.raises(ValueError, match="sunspots: length must be at least 9, not 8"):
        Sunspots(length=8)
    with pytest.raises(ValueError, match="less than 62, the values of the shortest split, not 62"):
        _ = Sunspots(length=62).spec


def test_the_laser_is_hard_for_persistence_and_easier_for_a_linear_model():
    """As normalised squared errors."""
    pytest.importorskip("reservoirpy")
    spec = Laser().spec
    linear, persistence = spec.baselines[0].value ** 2, spec.floors[1].value ** 2
    assert persistence == pytest.approx(0.93, abs=0.01) and 0.15 < linear < 0.3
