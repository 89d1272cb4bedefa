"""Two studies side by side: what differs by more than noise, paired over seeds."""

from typing import NamedTuple

import numpy as np
from scipy.stats import ttest_rel

from longlag.records.reader import Study
from longlag.records.seed_groups import Group, study_groups
from longlag.stats import Interval, holm, mean_interval

LEVEL = 0.05
NAN = float("nan")


class Compared(NamedTuple):
    """One row of both studies."""

    a: Group
    b: Group
    seeds: int  # that both have a score of
    difference: Interval  # mean of b - a over these, with Student's interval
    p: float  # two-sided, adjusted by Holm over all rows; NaN: too few seeds
    identical: bool  # every score of a shared seed is the same number

    @property
    def marked(self) -> bool:
        """Tell whether the difference is more than noise."""
        return self.p <= LEVEL

    @property
    def better(self) -> bool:
        """Tell whether b's scores are better than a's."""
        return (self.difference.value > 0) is self.b.runs[0].rises


def compare_studies(a: Study, b: Study) -> list[Compared]:
    """Compare the rows that two studies share: the same cell, task, length and variant.

    The scores of a seed are a pair.  The p-value is that of Student's paired test; pairs that
    differ all by one and the same number have that of the sign test.

    Args:
        a: one study.
        b: the other one.
    """
    others = {key(g): g for g in study_groups(b)}
    rows = [compare(g, others[key(g)]) for g in study_groups(a) if key(g) in others]
    adjusted = holm([row.p for row in rows])
    return [row._replace(p=p) for row, p in zip(rows, adjusted, strict=True)]


def unmatched(a: Study, b: Study) -> list[str]:
    """Name the rows that one of two studies has alone."""
    first, second = ({key(g): g for g in study_groups(s)} for s in (a, b))
    return [
        f"{g.label}, {g.setting}: only in {study.folder}"
        for study, own, other in ((a, first, second), (b, second, first))
        for k, g in own.items()
        if k not in other
    ]


def key(group: Group) -> tuple[str, int | None, str]:
    """Give what two rows must share to be compared."""
    return group.task, group.length, group.label


def compare(a: Group, b: Group) -> Compared:
    """Compare two rows; the p-value is of this pair alone."""
    x, y = scores(a), scores(b)
    seeds = sorted(x.keys() & y.keys())
    left, right = (np.array([values[s] for s in seeds], float) for values in (x, y))
    difference = right - left
    same = bool(len(seeds)) and not difference.any()
    return Compared(a, b, len(seeds), mean_interval(difference), p_value(left, right), same)


def p_value(x: np.ndarray, y: np.ndarray) -> float:
    """Test whether paired values differ; NaN of fewer than two pairs, 1 of equal ones."""
    difference = y - x
    if len(difference) < 2:
        return NAN
    if np.ptp(difference) <= 1e-12 * np.abs(difference).max():
        return 1.0 if not difference.any() else 2 ** (1 - len(difference))
    return float(ttest_rel(y, x).pvalue)


def scores(group: Group) -> dict[int, float]:
    """Give the score of each seed; those that diverged have none."""
    return {run.seed: run.score() for run in group.runs if np.isfinite(run.score())}
