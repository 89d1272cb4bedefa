"""Does the gradient of an untrained cell foretell how long the trained one remembers?"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from longlag.records.atlas import Atlas, AtlasRow
from longlag.records.seed_groups import fresh
from longlag.stats import Correlation, Interval, correlation_interval, holm, rank_correlation

# What is measured of an untrained cell, with the sign that should make more of it remember longer.
PREDICTORS = {"decay": -1, "exponent": 1, "forgetting": -1}
LEVEL = 0.05
ODD = 0.3  # of all cells, between two ranks of a cell that is called an outlier


class Foretold(NamedTuple):
    """How a number of the untrained cells goes with their horizons: above 0 as it should."""

    predictor: str
    task: str  # empty: over all tasks
    rank: Correlation
    interval: Interval
    p: float  # adjusted by Holm over all that are told together

    @property
    def foretells(self) -> bool:
        """Tell whether they go together, and the way they should."""
        return self.p < LEVEL and self.rank.rho > 0


class Outlier(NamedTuple):
    """A cell whose horizon is not where its gradient would have it."""

    row: AtlasRow
    expected: float  # its rank by the gradient at the start, as a share of the cells
    found: float  # its rank by its horizons


def foretold(atlas: Atlas) -> list[Foretold]:
    """Correlate each predictor with the horizons of each task, and over all tasks.

    Over all tasks a cell counts once, with its mean ranks, for its horizons on several tasks are
    no independent draws.
    """
    found = []
    for predictor in PREDICTORS:
        ranks = ranked(atlas, predictor)
        tasks = {task: tuple(np.array(list(by.values())).T) for task, by in ranks.items()}
        tasks[""] = tuple(np.array(list(mean_ranks(ranks).values())).T)
        for task, xy in tasks.items():
            x, y = xy if len(xy) else (np.zeros(0), np.zeros(0))
            rank = rank_correlation([(x, y)], fresh())
            interval = correlation_interval(rank.rho, rank.pairs)
            found.append(Foretold(predictor, task, rank, interval, rank.p))
    adjusted = holm([one.p for one in found])
    return [one._replace(p=p) for one, p in zip(found, adjusted, strict=True)]


def ranked(atlas: Atlas, predictor: str) -> dict[str, dict[str, tuple[float, float]]]:
    """Rank predictor and horizon, by task and cell, as shares of the cells that have both.

    Both rise with what should remember longer.
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for task, rows in atlas.tasks.items():
        pairs = {}
        for row in rows:
            start = atlas.untrained.of(row.cell, task)
            x = PREDICTORS[predictor] * start.median(predictor) if start else np.nan
            if row.kind == "horizon" and row.known and not np.isnan(x):
                pairs[row.cell] = (x, row.goodness)
        if pairs:
            ranks = rankdata(np.array(list(pairs.values())), axis=0) / len(pairs)
            found[task] = dict(zip(pairs, map(tuple, ranks.tolist()), strict=True))
    return found


def mean_ranks(ranks: dict[str, dict[str, tuple[float, float]]]) -> dict[str, tuple[float, float]]:
    """Return both ranks of each cell, averaged over the tasks where it has them."""
    each: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for by in ranks.values():
        for cell, pair in by.items():
            each[cell].append(pair)
    return {cell: tuple(np.mean(pairs, axis=0).tolist()) for cell, pairs in each.items()}


def alike(atlas: Atlas) -> Correlation:
    """Correlate the two measures of one thing, slow decay and exponent, over cells within tasks."""
    strata = []
    for task in atlas.tasks:
        starts = [s for cell in atlas.cells if (s := atlas.untrained.of(cell, task))]
        pairs = np.array([(-s.median("decay"), s.median("exponent")) for s in starts])
        pairs = pairs.reshape(-1, 2)
        known = pairs[~np.isnan(pairs).any(axis=1)]
        strata.append((known[:, 0], known[:, 1]))
    return rank_correlation(strata, fresh(), permutations=1)


def outliers(atlas: Atlas, predictor: str = "decay") -> list[Outlier]:
    """List the cells whose two ranks lie far apart, the farthest first."""
    rows = {row.cell: row for row in atlas.rows}
    found = [
        Outlier(rows[cell], x, y) for cell, (x, y) in mean_ranks(ranked(atlas, predictor)).items()
    ]
    far = [one for one in found if abs(one.found - one.expected) > ODD]
    return sorted(far, key=lambda one: -abs(one.found - one.expected))
