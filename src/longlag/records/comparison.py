"""Two studies side by side: what differs by more than noise, paired over seeds."""

from typing import NamedTuple

import numpy as np

from longlag.records.reader import Study
from longlag.records.seed_groups import Group, study_groups
from longlag.stats import Interval, holm, paired_difference

LEVEL = 0.05


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

    The scores of a seed are a pair, tested as `paired_difference` does.

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
    same = bool(len(seeds)) and bool((left == right).all())
    found = paired_difference(right, left)
    return Compared(a, b, found.pairs, found.mean, found.p, same)


def scores(group: Group) -> dict[int, float]:
    """Give the score of each seed; those that diverged have none."""
    return {run.seed: run.score() for run in group.runs if np.isfinite(run.score())}
