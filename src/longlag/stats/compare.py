"""Two cells side by side: how often one beats the other, and the share of runs above any bar."""

import numpy as np
from jaxtyping import Float
from numpy.random import Generator

from longlag.stats.interval import RESAMPLES, Interval, percentiles
from longlag.stats.iqm import Strata, resample


def performance_profile(strata: Strata, bars: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
    """For every bar the share of runs that score above it, averaged over the tasks.

    Source: Agarwal et al. 2021, eq. 1.
    """
    return np.mean([(s[:, None] > bars).mean(axis=0) for s in strata], axis=0)


def wins(x: Float[np.ndarray, "*R N"], y: Float[np.ndarray, "*R M"]) -> Float[np.ndarray, "*R"]:
    """P(X > Y) + P(X = Y) / 2 over all pairs of runs."""
    difference = x[..., :, None] - y[..., None, :]
    return np.asarray(((difference > 0) + 0.5 * (difference == 0)).mean(axis=(-1, -2)))


def probability_of_improvement(
    x: Strata, y: Strata, rng: Generator, resamples: int = RESAMPLES, level: float = 0.95
) -> Interval:
    """The chance that a run of X scores above a run of Y on a task drawn at random.

    Args:
        x: for every task the scores of X's runs.
        y: the same tasks in the same order, Y's runs.
        rng: where the resamples are drawn from.
        resamples: how many.
        level: of confidence.

    Raises:
        ValueError: other numbers of tasks, or none.

    Source: Agarwal et al. 2021, section 4.3 (the Mann-Whitney U statistic, averaged over tasks).
    """
    if len(x) != len(y) or not x:
        raise ValueError(
            f"probability_of_improvement: needs the same tasks for both, got {len(x)} and {len(y)}"
        )
    value = float(np.mean([wins(a, b) for a, b in zip(x, y, strict=True)]))
    if all(len(s) == 1 for s in (*x, *y)):
        return Interval(value, np.nan, np.nan)
    drawn = zip(resample(x, rng, resamples), resample(y, rng, resamples), strict=True)
    return percentiles(value, np.mean([wins(a, b) for a, b in drawn], axis=0), level)
