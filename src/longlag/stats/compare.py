"""Two cells side by side: how often one beats the other, and the share of runs above any bar."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import ttest_1samp

from longlag.stats.interval import Interval, mean_interval

Strata = Sequence[np.ndarray]  # the scores of each task, one number a run


def performance_profile(strata: Strata, bars: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
    """Return for every bar the share of runs that score above it, averaged over the tasks.

    Source: Agarwal et al. 2021, eq. 1.
    """
    return np.mean([(s[:, None] > bars).mean(axis=0) for s in strata], axis=0)


def concordance(x: Float[np.ndarray, "N"], y: Float[np.ndarray, "M"]) -> float:
    """Return P(X > Y) + P(X = Y) / 2 over all pairs, the area under the ROC curve (AUC).

    Source: Mann & Whitney 1947.
    """
    difference = x[:, None] - y[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def probability_of_improvement(x: Strata, y: Strata) -> float:
    """Return the chance that a run of X scores above a run of Y on a task drawn at random.

    Args:
        x: for every task the scores of X's runs.
        y: the same tasks in the same order, Y's runs.

    Raises:
        ValueError: other numbers of tasks, or none.

    Source: Agarwal et al. 2021, section 4.3 (the Mann-Whitney U statistic, averaged over tasks).
    """
    if len(x) != len(y) or not x:
        raise ValueError(
            f"probability_of_improvement: needs the same tasks for both, got {len(x)} and {len(y)}"
        )
    return float(np.mean([concordance(a, b) for a, b in zip(x, y, strict=True)]))


class Difference(NamedTuple):
    """How much better one of two is on the same seeds."""

    mean: Interval  # of the differences, with Student's t-interval
    p: float  # two-sided, of the paired t-test; NaN with fewer than two pairs
    pairs: int


def paired_difference(x: Float[np.ndarray, "N"], y: Float[np.ndarray, "N"]) -> Difference:
    """Compare two seed by seed, the first less the second; pairs with a NaN are left out.

    The test and the interval are Student's, so that they say the same.  Differences that are all
    one number have no spread to go by: they have the p-value of the sign test, 2 / 2^N, and 1 where
    that number is 0.  Adjust p-values that are read together by `holm`.

    Source: Student 1908.
    """
    differences = (x - y)[~np.isnan(x - y)]
    n = len(differences)
    if n < 2:
        return Difference(mean_interval(differences), np.nan, n)
    if np.ptp(differences) <= 1e-12 * np.abs(differences).max():
        p = 2.0 ** (1 - n) if differences.any() else 1.0
    else:
        p = float(np.asarray(ttest_1samp(differences, 0))[1])
    return Difference(mean_interval(differences), p, n)
