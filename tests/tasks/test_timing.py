"""Intervals and frequencies: the answer is what a reader of the spikes would say."""

import math

import numpy as np
import pytest
import torch

from longlag.tasks import Frequency, GenerateInterval, MeasureInterval


@pytest.mark.parametrize("length", [2, 30])
def test_the_measured_interval_is_the_distance_of_the_two_spikes(length: int):
    x, target, weight, lengths, _ = MeasureInterval(length=length).batch("train", 0, 0, 500)
    assert lengths is not None and set(lengths.tolist()) == set(range(2, length + 2))
    for b in range(500):
        first, second = x[:, b, 0].nonzero()[:, 0].tolist()
        assert first == 0 and weight[:, b].nonzero().tolist() == [[second]]
        assert target[second, b, 0].item() == pytest.approx(second / length)


@pytest.mark.parametrize("length", [2, 50])
def test_the_floor_of_the_measured_interval_is_the_variance_of_the_target(length: int):
    task = MeasureInterval(length=length)
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


def test_the_half_with_more_turns_is_the_faster_one():
    T = 400
    x, target, _, _, _ = Frequency(length=T).batch("train", 0, 0, 500)
    series = x[..., 0].numpy()
    spectra = [np.abs(np.fft.rfft(part, axis=0)).argmax(0) for part in np.split(series, 2)]
    faster = (spectra[1] > spectra[0]).astype(int)
    assert np.array_equal(faster, target[-1].numpy())
    assert 150 < target[-1].sum() < 350
    periods = T / 2 / np.concatenate(spectra)
    assert periods.min() > 3.8 and periods.max() < 12.5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MeasureInterval(length=1), "timing_measure: length must be at least 2, not 1"),
        (lambda: GenerateInterval(length=0), "timing_generate: length must be at least 2, not 0"),
        (lambda: Frequency(length=23), "frequency: length must be at least 24, not 23"),
    ],
)
def test_an_argument_that_is_not_allowed_is_refused_in_one_line(make, said: str):
    with pytest.raises(ValueError, match=said):
        make()
    assert math.isfinite(Frequency(length=24).batch("train", 0, 0, 3).x.sum())
