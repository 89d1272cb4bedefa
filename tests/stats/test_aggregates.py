"""Aggregates over tasks against their definitions, written out with loops."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from longlag.stats import (
    holm,
    performance_profile,
    probability_of_improvement,
    rank_correlation,
)


@pytest.fixture
def strata():
    rng = np.random.default_rng(7)
    return [rng.normal(m, 1, n) for m, n in [(0, 5), (1, 8), (3, 5)]]


def test_the_profile_is_the_share_of_runs_above_the_bar(strata):
    bars = np.linspace(-2, 4, 13)
    direct = [np.mean([sum(x > bar for x in s) / len(s) for s in strata]) for bar in bars]
    np.testing.assert_allclose(performance_profile(strata, bars), direct)


def test_probability_of_improvement_counts_pairs_and_halves_ties():
    x, y = [np.array([1.0, 2, 3]), np.array([5.0])], [np.array([2.0, 0]), np.array([5.0])]
    value = probability_of_improvement(x, y)
    assert value == pytest.approx(((1 + 1.5 + 2) / 6 + 0.5) / 2)
    assert value + probability_of_improvement(y, x) == pytest.approx(1)


def test_other_tasks_on_the_two_sides_are_refused(strata):
    with pytest.raises(ValueError, match="got 3 and 2"):
        probability_of_improvement(strata, strata[:2])


def correlate(*strata):
    return rank_correlation(strata, np.random.default_rng(0))


def test_rank_correlation_sees_any_monotone_relation_and_only_the_order():
    x = np.random.default_rng(3).normal(size=30)
    rho, p, pairs = correlate((x, np.exp(3 * x)))
    assert rho == pytest.approx(1) and p == pytest.approx(1 / 5000) and pairs == 30
    noise = np.random.default_rng(4).normal(size=30)
    rho, p, _ = correlate((x, noise))
    order = np.argsort(np.argsort(x)), np.argsort(np.argsort(noise))
    assert rho == pytest.approx(np.corrcoef(*order)[0, 1])
    assert p == pytest.approx(spearmanr(x, noise).pvalue, abs=0.03)


def test_rank_correlation_compares_within_a_stratum_alone():
    up = np.arange(5.0)
    assert correlate((up, up + 100), (up + 50, up)).rho == pytest.approx(1)
    assert correlate((up, -up), (up + 50, 100 - up)).rho == pytest.approx(-1)


def test_rank_correlation_with_a_constant_or_of_two_pairs_is_not_a_number():
    for strata in ([(np.arange(5.0), np.ones(5))], [(np.arange(2.0), np.arange(2.0))], []):
        rho, p, _ = correlate(*strata)
        assert np.isnan([rho, p]).all()


def test_holm_multiplies_by_the_tests_that_are_left_and_leaves_what_is_unknown():
    p = [0.01, 0.04, 0.03, 0.005, 0.5]
    want = [0.04, 0.09, 0.09, 0.025, 0.5]  # p times 4, 2, 3, 5, 1, each at least the one before it
    assert holm(p) == pytest.approx(want)
    found = holm([np.nan, *p])
    assert np.isnan(found[0]) and found[1:] == pytest.approx(want)
