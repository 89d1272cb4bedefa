"""Do two quantities rise together?  Spearman's rank correlation with a bootstrap interval."""

import numpy as np
from jaxtyping import Float
from numpy.random import Generator
from scipy.stats import rankdata

from longlag.stats.interval import RESAMPLES, Interval, percentiles


def spearman(x: Float[np.ndarray, "R N"], y: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R"]:
    """The rank correlation of every row, ties at their mean rank; NaN where a row is constant."""
    a, b = (r - r.mean(axis=1, keepdims=True) for r in (rankdata(x, axis=1), rankdata(y, axis=1)))
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), size, out=np.full(len(a), np.nan), where=size > 0)


def rank_correlation(
    x: Float[np.ndarray, "N"],
    y: Float[np.ndarray, "N"],
    rng: Generator,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """Spearman's rho of N pairs; pairs are resampled whole, resamples without spread left out.

    Args:
        x: one quantity of every run.
        y: the other.
        rng: where the resamples are drawn from.
        resamples: how many.
        level: of confidence.

    Raises:
        ValueError: fewer than three pairs.

    Source: Spearman 1904.
    """
    if len(x) < 3:
        raise ValueError(f"rank_correlation: needs at least 3 pairs, got {len(x)}")
    value = float(spearman(x[None], y[None])[0])
    picks = rng.integers(0, len(x), (resamples, len(x)))
    return percentiles(value, spearman(x[picks], y[picks]), level)
