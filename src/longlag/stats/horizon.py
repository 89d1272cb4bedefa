"""The memory horizon: the longest lag that a cell still learns to bridge."""

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from longlag.stats.interval import RESAMPLES, Interval, percentiles

SHARE = 0.8  # of the seeds that must solve a length


def memory_horizon(
    solved: Mapping[int, np.ndarray],
    rng: Generator,
    share: float = SHARE,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The largest length of the ladder that at least `share` of the seeds solve; 0 if none is.

    A horizon at the top of the ladder is a lower bound: nothing longer was tried.

    Args:
        solved: for every length T, which of its seeds solved it.
        rng: where the resamples are drawn from; the seeds of each length are resampled.
        share: of the seeds.
        resamples: how many.
        level: of confidence.

    Raises:
        ValueError: no lengths, or a length without seeds.
    """
    if not solved or not all(len(s) for s in solved.values()):
        raise ValueError("memory_horizon: needs at least 1 length and 1 seed at every length")
    lengths = np.array(sorted(solved))
    rate = np.array([np.mean(solved[int(T)]) for T in lengths])
    value = largest(lengths, rate[None], share)[0]
    if all(len(s) == 1 for s in solved.values()):
        return Interval(float(value), np.nan, np.nan)
    drawn = []
    for T in lengths:
        seeds = np.asarray(solved[int(T)], float)
        drawn.append(seeds[rng.integers(0, len(seeds), (resamples, len(seeds)))].mean(axis=1))
    horizons = largest(lengths, np.stack(drawn, axis=1), share)
    return percentiles(float(value), horizons.astype(float), level)


def largest(lengths: np.ndarray, rate: np.ndarray, share: float) -> np.ndarray:
    """Of each row of success rates (R,N), the largest of the N lengths that reaches `share`."""
    return np.where(rate >= share - 1e-12, lengths, 0).max(axis=1)
