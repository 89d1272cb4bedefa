"""How far a number from a few seeds can be trusted: percentile bootstrap and Wilson's interval."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.random import Generator
from scipy.stats import norm

RESAMPLES = 2000


class Interval(NamedTuple):
    """An estimate and the interval around it; `low` and `high` are NaN where there is none."""

    value: float
    low: float
    high: float


def percentiles(value: float, resampled: Float[np.ndarray, "R"], level: float) -> Interval:
    """The central `level` of the resampled statistics; those that are NaN are left out."""
    kept = resampled[~np.isnan(resampled)]
    if not len(kept):
        return Interval(value, np.nan, np.nan)
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail], method="nearest")
    return Interval(value, float(low), float(high))


def bootstrap(
    values: Float[np.ndarray, "N"],
    rng: Generator,
    statistic: Callable[..., Any] = np.mean,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """Percentile bootstrap of a statistic of N values.

    With 3 to 5 values it is too narrow: it cannot look beyond the smallest and the largest.

    Args:
        values: one number a seed.
        rng: where the resamples are drawn from; the same generator gives the same interval.
        statistic: takes an array and `axis`.
        resamples: how many.
        level: of confidence.

    Raises:
        ValueError: no values.

    Source: Efron & Tibshirani 1993, section 13.3.
    """
    if len(values) == 0:
        raise ValueError("bootstrap: needs at least 1 value, got none")
    value = float(statistic(values, axis=0))
    if len(values) == 1:
        return Interval(value, np.nan, np.nan)
    picks = rng.integers(0, len(values), (resamples, len(values)))
    return percentiles(value, np.asarray(statistic(values[picks], axis=1), float), level)


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The share of successes with Wilson's score interval.

    It stays honest at 0 of n and n of n, where a bootstrap has no width at all.

    Raises:
        ValueError: no trials, or more successes than trials.

    Source: Wilson 1927; Brown, Cai & DasGupta 2001, eq. 4.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(
            f"wilson: successes must lie in 0..trials and trials be at least 1, "
            f"not {successes} of {trials}"
        )
    z, p = float(norm.ppf((1 + level) / 2)), successes / trials
    scale = 1 + z * z / trials
    center = (p + z * z / (2 * trials)) / scale
    half = z / scale * float(np.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials)))
    return Interval(p, max(0.0, center - half), min(1.0, center + half))
