"""Two cells side by side: how often one beats the other, and the share of runs above any bar."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata, wilcoxon

from longlag.stats.interval import Interval, mean_interval

FEW = 12  # pairs, up to which every assignment of signs is looked at
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
    """How much better one of two cells is on the same seeds."""

    mean: Interval  # of the differences, with Student's t-interval
    p: float  # two-sided, of the signed-rank test; NaN with fewer than two pairs that differ
    pairs: int


def paired_difference(x: Float[np.ndarray, "N"], y: Float[np.ndarray, "N"]) -> Difference:
    """Compare two cells seed by seed, the first less the second; pairs with a NaN are left out.

    The test takes every assignment of signs as equally likely, so that its p-value holds its level
    at few seeds, ties included.  With N seeds it is never below 2 / 2^N: of 5 seeds no
    difference is significant at 5 %.  Adjust p-values that are read together by `holm`.

    Source: Wilcoxon 1945.
    """
    differences = (x - y)[~np.isnan(x - y)]
    changed = differences[differences != 0]
    return Difference(mean_interval(differences), signed_rank(changed), len(differences))


def signed_rank(values: Float[np.ndarray, "N"]) -> float:
    """Test whether values lie around zero: p of the signed-rank test; NaN of fewer than two.

    SciPy's exact distribution knows no ties, so that a few values are tested under all their signs.
    """
    n = len(values)
    if n < 2:
        return np.nan
    if n > FEW:
        return float(np.asarray(wilcoxon(values))[1])
    ranks = rankdata(np.abs(values))
    signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    seen = np.sign(values) @ ranks
    return float(np.mean(np.abs(signs @ ranks) >= np.abs(seen) - 1e-9))
