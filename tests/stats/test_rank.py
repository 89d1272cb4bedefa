"""The interval of a rank correlation holds its level, also on a ladder, where many are tied."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from longlag.stats import correlation_interval

CELLS, RUNGS = 38, 7


def on_a_ladder(rho: float, shape: tuple[int, ...], rng) -> tuple[np.ndarray, np.ndarray]:
    """A normal pair of that correlation, the second cut to the rungs of a ladder."""
    x, noise = rng.normal(size=(2, *shape))
    y = rho * x + np.sqrt(1 - rho**2) * noise
    return x, np.digitize(y, np.linspace(-1.5, 1.5, RUNGS - 1))


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_the_interval_holds_the_true_rank_correlation_in_95_percent(rho: float):
    rng = np.random.default_rng(0)
    x, y = on_a_ladder(rho, (200_000,), rng)
    true = spearmanr(x, y).statistic
    x, y = on_a_ladder(rho, (CELLS, 1000), rng)
    found = [
        correlation_interval(spearmanr(a, b).statistic, CELLS)
        for a, b in zip(x.T, y.T, strict=True)
    ]
    held = np.mean([low <= true <= high for _, low, high in found])
    assert 0.93 <= held <= 0.98


def test_there_is_no_interval_of_few_pairs_or_of_a_perfect_order():
    assert np.isnan(correlation_interval(0.5, 24).low)
    assert np.isnan(correlation_interval(1.0, 38).high)
    assert np.isnan(correlation_interval(float("nan"), 38).high)
