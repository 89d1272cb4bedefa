"""The memory horizon: the longest lag that a cell still learns to bridge."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

SHARE = 0.8  # of the seeds that must solve a length


class Horizon(NamedTuple):
    """The longest length that was solved, and the ends of the ladder that was tried."""

    value: int | None  # None: not even the shortest
    shortest: int
    longest: int

    @property
    def above(self) -> bool:
        """Whether nothing longer was tried, so that the value is a lower bound."""
        return self.value == self.longest

    def __str__(self) -> str:
        """Print it for people: < 20, 50, or ≥ 100."""
        if self.value is None:
            return f"< {self.shortest}"
        return f"≥ {self.value}" if self.above else str(self.value)


def memory_horizon(solved: Mapping[int, np.ndarray], share: float = SHARE) -> Horizon:
    """Find the largest length of the ladder that at least `share` of the seeds solve.

    It has no interval: at 5 seeds no rate, not even 5 of 5, is above 80 % with 95 % confidence.

    Args:
        solved: for every length T, which of its seeds solved it.
        share: of the seeds.

    Raises:
        ValueError: no lengths, or a length without seeds.
    """
    if not solved or not all(len(s) for s in solved.values()):
        raise ValueError("memory_horizon: needs at least 1 length and 1 seed at every length")
    held = [T for T, seeds in solved.items() if np.mean(seeds) >= share - 1e-12]
    return Horizon(max(held, default=None), min(solved), max(solved))
