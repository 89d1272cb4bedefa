"""The memory horizon: the longest lag that a cell still learns to bridge."""

from collections.abc import Mapping
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

SHARE = 0.8  # of the seeds that must solve a length
LEVEL = 0.05  # of the test at each end of the interval


class Horizon(NamedTuple):
    """The longest length that was solved, and the ends of the ladder that was tried."""

    value: int | None  # None: not even the shortest
    shortest: int
    longest: int
    low: int | None = None  # of the interval, see `half_length`; None: below the shortest
    high: int | None = None  # None: above the longest
    decided: bool = True  # whether the search has ended

    @property
    def above(self) -> bool:
        """Tell whether nothing longer was tried, so that the value is a lower bound."""
        return self.value == self.longest or (self.value is not None and not self.decided)

    def __str__(self) -> str:
        """Print it for people: < 20, 50, or ≥ 100; ? where nothing is decided yet."""
        if self.value is None:
            return f"< {self.shortest}" if self.decided else "?"
        return f"≥ {self.value}" if self.above else str(self.value)


def memory_horizon(
    solved: Mapping[int, np.ndarray], share: float = SHARE, decided: bool = True
) -> Horizon:
    """Find the largest length of the ladder that at least `share` of the seeds solve.

    A rung that was given up early counts as not solved: its remaining seeds could not change that.
    The value itself has no interval: at 5 seeds no rate, not even 5 of 5, is above 80 % with 95 %
    confidence.  The interval beside it is that of `half_length`.

    Args:
        solved: for every length T, which of its seeds solved it, in the order in which they ran.
        share: of the seeds.
        decided: whether the search has ended.

    Raises:
        ValueError: no lengths, or a length without seeds.
    """
    if not solved or not all(len(s) for s in solved.values()):
        raise ValueError("memory_horizon: needs at least 1 length and 1 seed at every length")
    held = [T for T, seeds in solved.items() if np.mean(seeds) >= share - 1e-12]
    low, high = half_length(solved)
    return Horizon(max(held, default=None), min(solved), max(solved), low, high, decided)


def half_length(solved: Mapping[int, np.ndarray], level: float = LEVEL) -> tuple[int | None, ...]:
    """Bound the length up to which at least half of all runs would solve the task.

    Success is taken to fall with the length.  From the shortest rung up, an exact binomial test at
    `level` asks whether half of the runs or fewer solve it; low is the last rung before the first
    at which that is not refuted.  From the longest down, it asks whether half or more do, of the
    first seeds of the rung and of the one below, as many of each as ran on both; high is the last
    at which that is refuted.  So the interval [low, high) misses with a probability of at most
    `level` at each end, however many rungs there are.

    Args:
        solved: for every length T, which of its seeds solved it, in the order in which they ran.
        level: of each of the two tests.

    Returns:
        (low, high); None where an end lies beyond the ladder.
    """
    lengths = sorted(solved)
    seeds = [np.asarray(solved[T], bool) for T in lengths]

    def mostly_solved(k: int) -> bool:
        return bool(binom.sf(seeds[k].sum() - 1, len(seeds[k]), 0.5) <= level)

    def mostly_failed(k: int) -> bool:
        count = min(len(found) for found in seeds[max(0, k - 1) : k + 1])
        both = np.concatenate([found[:count] for found in seeds[max(0, k - 1) : k + 1]])
        return bool(binom.cdf(both.sum(), len(both), 0.5) <= level)

    climbed = list(takewhile(mostly_solved, range(len(lengths))))
    fallen = list(takewhile(mostly_failed, reversed(range(len(lengths)))))
    return lengths[climbed[-1]] if climbed else None, lengths[fallen[-1]] if fallen else None
