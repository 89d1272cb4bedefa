"""Which runs a cell needs on a task, given what has ended: trials, the choice, the final runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from longlag.records.reader import Run
from longlag.studies.study import Point, Study

Rank = tuple[float, float]  # smaller is better
FAILED: Rank = (3.0, float("inf"))


class PairPlan(NamedTuple):
    """The runs of one cell on one task, as far as they are known."""

    trials: list[Point]
    chosen: float | None = None  # the learning rate; None: trials are still to end
    bracketed: bool = False  # whether the rates on both sides of it were tried and are worse
    final: Sequence[Point] = ()

    @property
    def points(self) -> list[Point]:
        """All of them."""
        return [*self.trials, *self.final]


def plan_pair(
    study: Study, pair: tuple[str, str], rank_of: Callable[[Point], Rank | None]
) -> PairPlan:
    """What is to be run of a cell on a task.

    Every rate runs on the first tuning seed; the best and its neighbours on the other tuning
    seeds; of these the best over all tuning seeds is chosen.  So every cell has as many trials.

    Args:
        study: whose pair it is.
        pair: (cell, task).
        rank_of: a run's rank on validation, smaller is better; None while it has not ended.
    """
    first, *others = study.tuning_seeds
    trials = [study.point(*pair, rate, first) for rate in study.grid]
    ranks: dict[float, list[Rank]] = {}

    def all_ended(points: Sequence[Point]) -> bool:
        found = [(point, rank_of(point)) for point in points]
        for point, rank in found:
            if rank is not None:
                ranks.setdefault(point.lr, []).append(rank)
        return all(rank is not None for _, rank in found)

    if not all_ended(trials):
        return PairPlan(trials)
    near = study.neighbours(best_learning_rate(ranks))
    more = [study.point(*pair, rate, seed) for seed in others for rate in near]
    trials += more
    if not all_ended(more):
        return PairPlan(trials)
    chosen = best_learning_rate({rate: ranks[rate] for rate in (near if others else study.grid)})
    final = [study.point(*pair, chosen, seed) for seed in study.seeds]
    return PairPlan(trials, chosen, is_bracketed(study.grid, ranks, chosen), final)


def best_learning_rate(ranks: Mapping[float, Sequence[Rank]]) -> float:
    """The rate with the smallest mean rank over its seeds; of equals the smallest rate."""
    return min(sorted(ranks), key=lambda rate: mean_rank(ranks[rate]))


def is_bracketed(
    grid: Sequence[float], ranks: Mapping[float, Sequence[Rank]], chosen: float
) -> bool:
    """Whether the next smaller and the next larger rate of the grid did worse.

    Two rates are compared on the seeds that both were tried on: the first ones.
    """
    place = grid.index(chosen)
    if place in (0, len(grid) - 1):
        return False
    both = ((ranks[chosen], ranks[grid[place + side]]) for side in (-1, 1))
    pairs = ((own[: len(other)], other[: len(own)]) for own, other in both)
    return all(mean_rank(own) < mean_rank(other) for own, other in pairs)


def mean_rank(ranks: Sequence[Rank]) -> Rank:
    """The mean of each part."""
    return mean(rank[0] for rank in ranks), mean(rank[1] for rank in ranks)


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean."""
    values = list(values)
    return sum(values) / len(values)


def validation_rank(run: Run) -> Rank:
    """Rank a run: (share of the budget until it was solved, 1 if never; score, sign turned)."""
    score, rule = run.score("validation"), run.record.solved
    if run.diverged or score != score:
        return 2.0, float("inf")
    budget = run.setting("trainer.max_steps")
    share = rule.step / budget if rule and rule.met and rule.step else 1.0
    return share, -score if run.rises else score
