"""One number for many tasks: the interquartile mean of all runs, with a stratified bootstrap."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.random import Generator
from scipy.stats import trim_mean

from longlag.stats.interval import RESAMPLES, Interval, percentiles

Strata = Sequence[np.ndarray]  # the scores of each task, one number a run


def iqm(values: Float[np.ndarray, "*N"], axis: int = -1) -> np.ndarray:
    """Mean of the middle half along `axis`: a quarter (rounded down) is cut at either end."""
    return np.asarray(trim_mean(values, 0.25, axis=axis))


def resample(strata: Strata, rng: Generator, resamples: int) -> list[Float[np.ndarray, "R N"]]:
    """`resamples` draws of every stratum, each from its own runs."""
    return [s[rng.integers(0, len(s), (resamples, len(s)))] for s in strata]


def stratified_iqm(
    strata: Strata, rng: Generator, resamples: int = RESAMPLES, level: float = 0.95
) -> Interval:
    """IQM over the runs of all tasks; each task's runs are resampled among themselves.

    Args:
        strata: for every task the scores of its runs, on one scale for all tasks.
        rng: where the resamples are drawn from.
        resamples: how many.
        level: of confidence.

    Raises:
        ValueError: no task, or a task without runs.

    Source: Agarwal et al. 2021, "Deep RL at the edge of the statistical precipice", section 4.
    """
    if not strata or not all(len(s) for s in strata):
        raise ValueError("stratified_iqm: needs at least 1 task and 1 run in every task")
    value = float(iqm(np.concatenate(list(strata))))
    if all(len(s) == 1 for s in strata):
        return Interval(value, np.nan, np.nan)
    drawn = np.concatenate(resample(strata, rng, resamples), axis=1)
    return percentiles(value, np.asarray(iqm(drawn, axis=1)), level)
