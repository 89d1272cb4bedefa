"""Do two quantities rise together?  Spearman's rank correlation with a permutation test."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.random import Generator
from scipy.stats import norm, rankdata

from longlag.stats.interval import Interval

PERMUTATIONS = 4999
FEWEST = 25  # pairs that an interval needs
Stratum = tuple[np.ndarray, np.ndarray]  # x and y of the runs of one task


class Correlation(NamedTuple):
    """A rank correlation; NaN where one of the two does not vary, or with fewer than three."""

    rho: float
    p: float  # two-sided
    pairs: int


def rank_correlation(
    strata: Sequence[Stratum], rng: Generator, permutations: int = PERMUTATIONS
) -> Correlation:
    """Correlate ranks that are taken within each stratum; the test permutes within them too.

    The p-value holds its level at any number of pairs: under no relation every order of y within
    a stratum is as likely as the one that was seen.

    Args:
        strata: x and y of the runs of each task; a stratum of one run says nothing.
        rng: where the permutations are drawn from.
        permutations: how many.

    Source: Spearman 1904; Phipson & Smyth 2010 for p = (1 + more extreme) / (1 + permutations).
    """
    ranks = [(centred(x), centred(y)) for x, y in strata if len(x) > 1]
    pairs = sum(len(x) for x, _ in ranks)
    x, y = (np.concatenate([*(pair[i] for pair in ranks), np.zeros(0)]) for i in (0, 1))
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    if pairs < 3 or size == 0:
        return Correlation(np.nan, np.nan, pairs)
    seen = float(x @ y)
    drawn = sum(rng.permuted(np.tile(b, (permutations, 1)), axis=1) @ a for a, b in ranks)
    extreme = int((np.abs(drawn) >= abs(seen) - 1e-12).sum())
    return Correlation(seen / size, (1 + extreme) / (1 + permutations), pairs)


def correlation_interval(rho: float, pairs: int, level: float = 0.95) -> Interval:
    """Bound a rank correlation: Fisher's z with the variance (1 + rho^2 / 2) / (pairs - 3).

    It holds its level at 25 pairs and more, also where many values are tied, as lengths of a ladder
    are; NaN below that.

    Source: Bonett & Wright 2000, "Sample size requirements for estimating Pearson, Kendall and
    Spearman correlations".
    """
    if np.isnan(rho) or pairs < FEWEST or abs(rho) >= 1:
        return Interval(rho, np.nan, np.nan)
    half = norm.ppf((1 + level) / 2) * np.sqrt((1 + rho**2 / 2) / (pairs - 3))
    low, high = np.tanh(np.arctanh(rho) + np.array([-half, half]))
    return Interval(rho, float(low), float(high))


def centred(values: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
    """Return ranks as shares of their number, ties at their mean rank, less their mean."""
    ranks = rankdata(values) / len(values)
    return ranks - ranks.mean()


def holm(p: Sequence[float]) -> list[float]:
    """Adjust the p-values of several tests that are read together; NaN stay as they are.

    Source: Holm 1979.
    """
    values = np.asarray(p, float)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    scaled = values[order] * np.arange(len(order), 0, -1)
    values[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return values.tolist()
