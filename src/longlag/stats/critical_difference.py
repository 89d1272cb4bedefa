"""Many cells on many tasks: whose mean ranks differ by more than chance."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import friedmanchisquare, rankdata, studentized_range

FEWEST = 3  # cells, and tasks, below which there is nothing to rank


class Ranking(NamedTuple):
    """The mean rank of each cell; two cells differ where these lie farther apart than `distance`.

    Args:
        ranks: (K,) from 1, the best; ties share their mean rank.
        distance: the critical difference; NaN with too few cells or tasks.
        p: of Friedman's test that all cells are alike.
    """

    ranks: np.ndarray
    distance: float
    p: float


def critical_difference(scores: Float[np.ndarray, "N K"], level: float = 0.95) -> Ranking:
    """Rank cells on every task, and say how far apart two mean ranks must lie to differ.

        distance = q sqrt(K (K + 1) / (6 N)),   q = studentized range of K groups / sqrt 2

    Args:
        scores: of K cells on N tasks, more is better; a cell's mean over seeds.
        level: of all comparisons of the cells together.

    Source: Demsar 2006, section 3.2.2; Nemenyi 1963; Friedman 1937.
    """
    N, K = scores.shape
    ranks = rankdata(-scores, axis=1).mean(axis=0) if N else np.full(K, np.nan)
    if min(N, K) < FEWEST or np.ptp(scores, axis=1).max() == 0:
        return Ranking(ranks, np.nan, np.nan)
    q = studentized_range.ppf(level, K, np.inf) / np.sqrt(2)
    p = friedmanchisquare(*scores.T).pvalue
    return Ranking(ranks, float(q * np.sqrt(K * (K + 1) / (6 * N))), float(p))
