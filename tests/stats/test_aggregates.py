"""Aggregates over tasks against their definitions, written out with loops."""

import numpy as np
import pytest

from longlag.stats import (
    iqm,
    performance_profile,
    probability_of_improvement,
    rank_correlation,
    stratified_iqm,
)


@pytest.fixture
def strata():
    rng = np.random.default_rng(7)
    return [rng.normal(m, 1, n) for m, n in [(0, 5), (1, 8), (3, 5)]]


def middle_half(values):
    values, cut = sorted(values), len(values) // 4
    return sum(values[cut : len(values) - cut]) / (len(values) - 2 * cut)


def test_the_iqm_is_the_mean_of_the_middle_half(strata):
    pooled = np.concatenate(strata)
    assert iqm(pooled) == pytest.approx(middle_half(pooled))


def test_the_stratified_bootstrap_of_the_iqm_agrees_with_a_direct_one(strata):
    value, low, high = stratified_iqm(strata, np.random.default_rng(0), resamples=4000)
    rng, direct = np.random.default_rng(99), []
    for _ in range(4000):
        direct.append(middle_half(np.concatenate([rng.choice(s, len(s)) for s in strata])))
    assert value == pytest.approx(middle_half(np.concatenate(strata)))
    assert low == pytest.approx(np.quantile(direct, 0.025), abs=0.05)
    assert high == pytest.approx(np.quantile(direct, 0.975), abs=0.05)


def test_strata_are_resampled_apart():
    strata = [np.zeros(5), np.full(5, 10.0)]  # between tasks all the spread, within them none
    value, low, high = stratified_iqm(strata, np.random.default_rng(0))
    assert value == low == high == 5


def test_the_profile_is_the_share_of_runs_above_the_bar(strata):
    bars = np.linspace(-2, 4, 13)
    direct = [np.mean([sum(x > bar for x in s) / len(s) for s in strata]) for bar in bars]
    np.testing.assert_allclose(performance_profile(strata, bars), direct)


def test_probability_of_improvement_counts_pairs_and_halves_ties():
    x, y = [np.array([1.0, 2, 3]), np.array([5.0])], [np.array([2.0, 0]), np.array([5.0])]
    value, low, high = probability_of_improvement(x, y, np.random.default_rng(0))
    assert value == pytest.approx(((1 + 1.5 + 2) / 6 + 0.5) / 2)
    assert low <= value <= high
    reverse = probability_of_improvement(y, x, np.random.default_rng(0)).value
    assert value + reverse == pytest.approx(1)


def test_other_tasks_on_the_two_sides_are_refused(strata):
    with pytest.raises(ValueError, match="got 3 and 2"):
        probability_of_improvement(strata, strata[:2], np.random.default_rng(0))


def test_rank_correlation_sees_any_monotone_relation_and_only_the_order():
    x = np.random.default_rng(3).normal(size=30)
    assert rank_correlation(x, np.exp(3 * x), np.random.default_rng(0)) == pytest.approx((1, 1, 1))
    noise = np.random.default_rng(4).normal(size=30)
    rho, low, high = rank_correlation(x, noise, np.random.default_rng(0))
    order = np.argsort(np.argsort(x)), np.argsort(np.argsort(noise))
    assert rho == pytest.approx(np.corrcoef(*order)[0, 1])
    assert low < 0 < high


def test_rank_correlation_with_a_constant_is_not_a_number():
    rho, low, high = rank_correlation(np.arange(5.0), np.ones(5), np.random.default_rng(0))
    assert np.isnan([rho, low, high]).all()
