"""Decay rates of every run and row, and what they say about who solved the task."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from longlag.records.run import Run
from longlag.records.seed_groups import Group, fresh, grouped
from longlag.records.side_files import Arrays, parts, profile
from longlag.stats import Correlation, Decay, concordance, fit, rank_correlation
from longlag.stats.decay import left, slope


def decay_rate(g: Group, leaf: str, at: int, layer: int = 0) -> Decay:
    """Fit the decay rate of a part of the state over the seeds of a row."""
    norms = g.profiles(leaf, at, layer)
    return fit(np.arange(norms.shape[1]), norms)


def log_fraction(g: Group, leaf: str, at: int, layer: int = 0) -> float:
    """Return ln of the median share of the gradient that is left at the longest lag."""
    norms = g.profiles(leaf, at, layer)
    norms = norms[np.isfinite(norms).any(axis=1)]  # a run that diverged has no gradient
    lags = np.flatnonzero(np.isfinite(norms).all(axis=0)) if len(norms) else []
    return float(np.median(left(norms, int(lags[-1])))) if len(lags) else float("nan")


def best_rate(run: Run, at: int) -> float:
    """Return the smallest decay rate among the parts of the first layer's state; NaN if unknown.

    Of a stack the first layer decides: whatever an input changes, it changes there first, so that
    dL/dx_t = (ds_t/dx_t)^T dL/ds_t holds with the state s of that layer alone, and its gradient
    has in it all ways up and through the layers above.  A layer above may keep its gradient where
    none of it comes down to the input.  Of a bidirectional layer both readings count, and of a
    model of blocks, whose skips lead around the first layer too, all layers.
    """
    return slowest_rate(run.probe, run.first_cells, at)


def slowest_rate(probe: Arrays, first_cells: int, at: int = 0) -> float:
    """Find the smallest decay rate among the parts of the states of a model's first cells.

    Args:
        probe: the arrays of probe.npz.
        first_cells: how many cells the input meets.
        at: 0, at initialisation, or -1, after training.
    """
    found = [path for path in parts(set(probe), "profile") if path.layer < first_cells]
    rows = [profile(probe, path, at) for path in found]
    rates = [slope(np.arange(len(row)), row) for row in rows if row is not None]
    known = [r for r in rates if not np.isnan(r)]
    return min(known, default=float("nan"))


@dataclass(frozen=True)
class Outcome:
    """What the gradient of one run did, and what the run achieved."""

    row: Group
    run: Run
    initial: float  # best path, nats a step, at initialisation
    final: float  # after training


def outcomes(groups: Iterable[Group]) -> list[Outcome]:
    """List the outcome of every run whose gradient was probed and did not diverge."""
    found = [Outcome(g, r, best_rate(r, 0), best_rate(r, -1)) for g in groups for r in g.runs]
    return [o for o in found if not np.isnan([o.initial, o.final, o.run.skill]).any()]


@dataclass(frozen=True)
class Link:
    """How a decay rate goes with success over some runs, compared within each task alone."""

    runs: int
    solved: int | None
    rank: Correlation  # of the decay rate with the score; negative: fading costs
    auc: float  # the chance that an unsolved run's gradient fades faster than a solved one's
    pairs: int  # of an unsolved and a solved run, that the AUC is over


def link(found: list[Outcome], when: str) -> Link:
    """Link the rate at `when`, initial or final, with the outcome.

    Ranks and pairs are taken within a setting: an easy task says nothing against a hard one.
    """
    parts = grouped(found, lambda o: o.row.setting)
    strata = [
        (np.array([getattr(o, when) for o in part]), np.array([o.run.goodness for o in part]))
        for part in parts.values()
    ]
    met = [o.run.solved for o in found]
    solved = None if None in met else sum(bool(m) for m in met)
    return Link(len(found), solved, rank_correlation(strata, fresh()), *auc(parts.values(), when))


def auc(parts: Iterable[list[Outcome]], when: str) -> tuple[float, int]:
    """Compute the AUC over pairs of an unsolved and a solved run of a part; count the pairs.

    The AUC is the share of pairs in which the gradient of the unsolved run fades faster.
    """
    total, pairs = 0.0, 0
    for part in parts:
        lost = np.array([getattr(o, when) for o in part if o.run.solved is False])
        held = np.array([getattr(o, when) for o in part if o.run.solved])
        if len(lost) and len(held):
            total += concordance(lost, held) * len(lost) * len(held)
            pairs += len(lost) * len(held)
    return (total / pairs if pairs else float("nan")), pairs
