"""Decay rates on profiles whose answer is known."""

import numpy as np
import pytest

from longlag.stats import fit
from longlag.stats.decay import left, slope

rng = np.random.default_rng


def exponential(rate, steps=100, seeds=5):
    return 3.0 * np.exp(-rate * np.arange(steps)) * np.ones((seeds, 1))


@pytest.mark.parametrize("rate", [0.55, 0.01, 0.0, -0.2])
def test_an_exponential_gives_back_its_rate(rate):
    decay = fit(np.arange(100), exponential(rate))
    assert decay.rate == pytest.approx(rate, abs=1e-12)
    assert np.isnan(decay.low)  # all seeds alike
    half_life = np.log(2) / rate if rate > 0 else np.inf
    assert decay.half_life == pytest.approx(half_life) or (rate <= 0 and decay.half_life > 1e9)


def test_growth_is_a_negative_decay():
    assert fit(np.arange(50), exponential(-0.1, 50)).rate < 0


def test_exact_zeros_end_the_window_and_do_not_poison_the_fit():
    norms = exponential(0.4)
    norms[:, 40:] = 0
    norms[:, 60] = 1e-3  # whatever comes after the cut is not gradient
    assert fit(np.arange(100), norms).rate == pytest.approx(0.4)


def test_a_gradient_that_only_begins_at_the_second_lag_is_fitted_from_there():
    norms = exponential(0.4)
    norms[:, 0] = 0  # dL/dc_T of an LSTM whose answer is read from h_T
    assert fit(np.arange(100), norms).rate == pytest.approx(0.4)
    np.testing.assert_allclose(left(norms, 99), -0.4 * 98)


def test_a_lag_that_no_sequence_reaches_ends_the_window():
    norms = exponential(0.4)
    norms[:, 70:] = np.nan
    assert fit(np.arange(100), norms).rate == pytest.approx(0.4)


def test_the_first_steps_are_not_fitted():
    norms = exponential(0.05)
    norms[:, :10] *= np.exp(-2.0 * np.arange(10))
    assert fit(np.arange(100), norms).rate == pytest.approx(0.05)


def test_the_slope_is_the_median_over_pairs():
    norms = np.exp(rng(1).normal(size=30)) * np.exp(-0.3 * np.arange(30))
    k, y = np.arange(30)[3:], np.log(norms)[3:]
    pairs = [(y[j] - y[i]) / (k[j] - k[i]) for i in range(27) for j in range(i + 1, 27)]
    assert slope(np.arange(30), norms) == pytest.approx(-np.median(pairs))


def test_a_broken_quarter_does_not_move_the_slope():
    norms = exponential(0.2, seeds=1)
    norms[0, 80:] *= 1e6
    assert fit(np.arange(100), norms).rate == pytest.approx(0.2, rel=0.35)


def test_the_interval_covers_the_spread_of_seeds():
    rates = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    norms = np.exp(-rates[:, None] * np.arange(80))
    decay = fit(np.arange(80), norms)
    assert decay.rate == pytest.approx(0.3) and decay.slopes == pytest.approx(rates)
    assert 0.1 < decay.low < 0.3 < decay.high < 0.5
    assert decay == fit(np.arange(80), norms)


def test_too_few_lags_are_not_fitted():
    assert np.isnan(fit(np.arange(2), exponential(0.4, 2)).rate)
    assert np.isnan(fit(np.arange(9), np.zeros((3, 9))).rate)


def test_what_is_left_needs_no_fit():
    np.testing.assert_allclose(left(exponential(0.25), 99), -0.25 * 99)
