"""Intervals and frequencies: the answer is what a reader of the spikes would say."""

import math

import numpy as np
import pytest
import torch

from longlag.tasks import Frequency, GenerateInterval, MeasureInterval
from longlag.training.metrics import collection


@pytest.mark.parametrize(("length", "spread"), [(1, 1), (30, 10), (200, 10)])
def test_the_measured_interval_is_the_distance_of_the_two_spikes(length: int, spread: int):
    task = MeasureInterval(length=length, spread=spread)
    x, target, weight, lengths, _ = task.batch("train", 0, 0, 500)
    assert lengths is not None  # none is short
    assert set(lengths.tolist()) == set(range(length + 1, length + spread + 2))
    for b in range(500):
        first, second = x[:, b, 0].nonzero()[:, 0].tolist()
        assert first == 0 and weight[:, b].nonzero().tolist() == [[second]]
        assert target[second, b, 0].item() == pytest.approx((second - length) / spread)


@pytest.mark.parametrize("length", [50, 2000])
def test_a_measured_interval_is_right_when_less_than_half_a_step_off_at_any_length(length: int):
    """With a tolerance in shares of the length, 15 steps off were right at 400."""
    spec, step = MeasureInterval(length=length).spec, 1 / 10
    metric = collection(spec)["within"]
    off = torch.tensor([[0.48], [0.5], [-0.48], [-1.0]]) * step
    metric.update(preds=0.3 + off, target=torch.full((4, 1), 0.3))
    assert metric.compute() == 0.5


@pytest.mark.parametrize("spread", [1, 10])
def test_the_floor_of_the_measured_interval_is_the_variance_of_the_target(spread: int):
    task = MeasureInterval(length=50, spread=spread)
    target = task.batch("train", 0, 0, 40000).target[0]
    assert target.var().item() == pytest.approx(task.spec.floors[0].value, rel=0.02)


def test_the_generated_spike_comes_as_late_again():
    task = GenerateInterval(length=20)
    x, target, weight, _, _ = task.batch("train", 0, 0, 4000)
    place = x[1:, :, 0].argmax(0) + 1
    assert (x.sum((0, 2)) == 2).all() and (x[0] == 1).all() and weight.all()
    assert (target.sum((0, 2)) == 1).all() and target[..., 0].argmax(0).equal(2 * place)
    share = torch.bincount(place).max().item() / 4000
    assert share == pytest.approx(task.spec.floors[0].value, rel=0.25)


def periods_and_answers(T: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The period of each half (2,B), found by fitting sines, and the answers (B,)."""
    x, target, *_ = Frequency(length=T).batch("train", 0, 0, size)
    series, known = x[..., 0].double().numpy(), 4 * 1.25 ** np.arange(6)
    found = []
    for half, start in zip(np.split(series, [T // 2]), (0, T // 2), strict=True):
        t = start + np.arange(len(half))[:, None, None]
        basis = np.concatenate([f(2 * np.pi * t / known) for f in (np.sin, np.cos)], axis=1)
        errors = []
        for table in np.moveaxis(basis, 2, 0):
            fit = np.linalg.lstsq(table, half)[0]
            errors.append(((half - table @ fit) ** 2).sum(0))
        assert np.min(errors, axis=0).max() < 1e-6
        found.append(known[np.argmin(errors, axis=0)])
    return np.stack(found), target[-1].numpy()


@pytest.mark.parametrize("T", [26, 101])
def test_two_halves_are_the_same_where_their_periods_are(T: int):
    periods, answers = periods_and_answers(T, 500)
    assert np.array_equal(answers, (periods[0] != periods[1]).astype(int))
    assert 200 < answers.sum() < 300


def test_neither_half_alone_says_whether_the_other_is_the_same():
    """The best answer to each period of one half alone is a coin (which was faster: 0.756)."""
    periods, answers = periods_and_answers(26, 12000)
    for half in periods:
        shares = [answers[half == value].mean() for value in np.unique(half)]
        assert len(shares) == 6
        assert np.abs(np.array(shares) - 0.5).max() < 4 * 0.5 / np.sqrt(2000)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MeasureInterval(length=0), "timing_measure: length must be at least 1, not 0"),
        (lambda: MeasureInterval(spread=0), "timing_measure: spread must be at least 1, not 0"),
        (lambda: GenerateInterval(length=0), "timing_generate: length must be at least 2, not 0"),
        (lambda: Frequency(length=25), "frequency: length must be at least 26, not 25"),
    ],
)
def test_an_argument_that_is_not_allowed_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()
    assert math.isfinite(Frequency(length=26).batch("train", 0, 0, 3).x.sum())
