"""Every interval that a report prints holds its level at the few seeds that a study has."""

import numpy as np
import pytest
from scipy.stats import binom, ttest_rel

from longlag.stats import (
    mean_interval,
    median_range,
    paired_difference,
    rank_correlation,
    share_interval,
)

SEEDS = [3, 5, 10, 20]
STUDIES = 4000
SLACK = 0.012  # more than three standard errors of a share of 95 % over so many studies


def covered(draw, truth: float, n: int) -> float:
    """The share of simulated studies whose t-interval holds the true mean."""
    rng = np.random.default_rng(n)
    found = [mean_interval(draw(rng, n)) for _ in range(STUDIES)]
    return float(np.mean([low <= truth <= high for _, low, high in found]))


@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_a_mean_holds_its_level(n):
    assert covered(lambda rng, n: rng.normal(3, 2, n), 3, n) >= 0.95 - SLACK


@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_a_mean_over_six_tasks_holds_its_level_where_each_is_solved_or_not(n):
    chance = np.array([0.2, 0.4, 0.5, 0.6, 0.7, 0.8])

    def seeds(rng, n):
        return (rng.random((n, 6)) < chance).mean(axis=1)

    rng = np.random.default_rng(n)
    drawn = [seeds(rng, n) for _ in range(STUDIES)]
    spread = [values for values in drawn if np.ptp(values) > 0]  # of equal ones none is printed
    found = [mean_interval(values) for values in spread]
    held = np.mean([low <= chance.mean() <= high for _, low, high in found])
    assert held >= 0.95 - SLACK - 0.01


@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_a_share_never_falls_below_its_level(n):
    bounds = np.array([share_interval(k, n) for k in range(n + 1)])
    for p in np.linspace(0.001, 0.999, 333):
        held = (bounds[:, 1] <= p) & (p <= bounds[:, 2])
        assert binom.pmf(np.arange(n + 1), n, p)[held].sum() >= 0.95


@pytest.mark.parametrize("n", SEEDS)
def test_the_p_value_of_a_rank_correlation_holds_its_level(n):
    rng, studies = np.random.default_rng(n), 400
    found = [
        rank_correlation([(rng.normal(size=n), rng.normal(size=n)) for _ in range(2)], rng, 199).p
        for _ in range(studies)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("n", SEEDS)
def test_a_paired_comparison_holds_its_level_in_interval_and_p_value(n):
    rng, studies = np.random.default_rng(n), 400
    seeds = rng.normal(size=(studies, n, 1))  # what both cells have in common
    x, y = np.moveaxis(seeds + rng.normal(size=(studies, n, 2)), 2, 0)
    found = [paired_difference(a, b) for a, b in zip(x, y, strict=True)]
    slack = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.05 + slack
    assert np.mean([one.mean.low <= 0 <= one.mean.high for one in found]) >= 0.95 - slack


def test_a_paired_test_is_scipy_s_and_says_the_same_as_its_interval():
    x, y = np.random.default_rng(0).normal(size=(2, 9))
    y[3] = np.nan
    found = paired_difference(x, y)
    known = ~np.isnan(y)
    assert found.p == pytest.approx(ttest_rel(x[known], y[known]).pvalue) and found.pairs == 8
    for shift in np.linspace(-2, 2, 9):
        moved = paired_difference(x + shift, y)
        assert (moved.p <= 0.05) == (not moved.mean.low <= 0 <= moved.mean.high)


def test_pairs_that_all_differ_by_one_number_have_the_p_value_of_the_sign_test():
    y = np.ones(5)
    assert paired_difference(y + 1, y).p == 2 / 32 and paired_difference(y, y).p == 1
    assert np.isnan(paired_difference(y[:1], y[:1]).p)


def test_equal_values_have_no_interval_and_one_value_neither():
    for values in (np.full(5, 0.1), np.array([4.0]), np.full(5, 0.1) + np.arange(5) * 1e-17):
        value, low, high = mean_interval(values)
        assert value == pytest.approx(values[0]) and np.isnan([low, high]).all()
    assert np.isnan(mean_interval(np.array([np.nan]))).all()


def test_the_median_is_a_value_that_some_seed_has():
    assert median_range(np.array([4.0, 1, np.nan, 3, 2])) == (2, 1, 4)
    assert median_range(np.array([0.0, 1.0])).value in (0, 1)
    assert np.isnan(median_range(np.array([np.nan]))).all()


def test_the_bounds_of_a_share_solve_their_equation():
    for k, n in [(0, 5), (3, 5), (5, 5), (40, 100)]:
        value, low, high = share_interval(k, n)
        assert value == k / n and low <= value <= high
        if k:
            assert 1 - binom.cdf(k - 1, n, low) == pytest.approx(0.025)
        if k < n:
            assert binom.cdf(k, n, high) == pytest.approx(0.025)


def test_more_successes_than_trials_are_refused():
    with pytest.raises(ValueError, match="not 6 of 5"):
        share_interval(6, 5)
