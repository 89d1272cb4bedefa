"""Intervals: reproducible, silent on the global state, and wide enough where theory says so."""

import numpy as np
import pytest

from longlag.stats import bootstrap, wilson


def test_the_same_generator_gives_the_same_interval():
    values = np.random.default_rng(1).normal(size=9)
    first, again, other = (bootstrap(values, np.random.default_rng(seed)) for seed in (0, 0, 5))
    assert first == again
    assert first != other


def test_the_global_random_state_is_neither_read_nor_written():
    values = np.arange(7.0)
    np.random.seed(3)
    before = np.random.get_state()[1].copy()  # type: ignore[index]
    first = bootstrap(values, np.random.default_rng(0))
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]
    np.random.seed(4)
    assert bootstrap(values, np.random.default_rng(0)) == first


def test_the_interval_of_a_mean_is_the_normal_one_for_many_values():
    values = np.random.default_rng(2).normal(3, 2, size=2000)
    mean, low, high = bootstrap(values, np.random.default_rng(0), resamples=4000)
    error = values.std() / np.sqrt(len(values))
    assert mean == pytest.approx(values.mean())
    assert low == pytest.approx(mean - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.15 * error)


def test_one_value_has_no_interval_and_none_is_refused():
    value, low, high = bootstrap(np.array([4.0]), np.random.default_rng(0))
    assert value == 4 and np.isnan([low, high]).all()
    with pytest.raises(ValueError, match="at least 1 value"):
        bootstrap(np.array([]), np.random.default_rng(0))


def test_wilson_bounds_solve_its_quadratic():
    z = 1.959963984540054
    for successes, trials in [(0, 5), (3, 5), (5, 5), (40, 100)]:
        rate, low, high = wilson(successes, trials)
        assert rate == successes / trials
        for p in (low, high):  # (rate - p)^2 = z^2 p (1 - p) / n
            assert (rate - p) ** 2 == pytest.approx(z * z * p * (1 - p) / trials, abs=1e-12)
        assert low <= rate <= high and high - low > 0.1


def test_wilson_refuses_more_successes_than_trials():
    with pytest.raises(ValueError, match="not 6 of 5"):
        wilson(6, 5)
