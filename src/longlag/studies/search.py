"""Which runs a cell needs on a task, given what has ended: trials, the choice, the final runs.

On a task with a ladder of lengths that is asked rung by rung, until the cell falls off.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from longlag.records.run import Run
from longlag.stats import SHARE
from longlag.studies.study import Place, Point, Study

Rank = tuple[float, float]  # smaller is better
FAILED: Rank = (3.0, float("inf"))
LOST = 2  # rungs in a row that a cell fails before it is taken off the ladder
BEYOND = 1  # seeds that a rung runs at once beyond those that can decide its failure


class Ended(NamedTuple):
    """What the search must know of a run that ended."""

    rank: Rank
    solved: bool


class PlacePlan(NamedTuple):
    """The runs of one cell on one task, or rung of a ladder, as far as they are known."""

    place: Place
    trials: list[Point]
    chosen: float | None = None  # the learning rate; None: trials are still to end
    bracketed: bool = False  # whether the rates on both sides of it were tried and are worse
    final: Sequence[Point] = ()
    held: bool | None = None  # whether enough seeds solved the rung; None: not known, or no rung

    @property
    def points(self) -> list[Point]:
        """List all of them."""
        return [*self.trials, *self.final]


def plan_place(
    study: Study,
    place: Place,
    rank_of: Callable[[Point], Rank | None],
    rates: Sequence[float] = (),
) -> PlacePlan:
    """Plan the runs of a cell at one place.

    Every rate runs on the first tuning seed; the best and its neighbours on the other tuning
    seeds; of these the best over all tuning seeds is chosen.  So every cell has as many trials.
    A study that does not tune runs every rate on its seeds.

    Args:
        study: whose place it is.
        place: the cell and the task.
        rank_of: a run's rank on validation, smaller is better; None while it has not ended.
        rates: to be tried; empty: the study's grid.
    """
    if not study.tune:
        rates = study.rates_of(place.task)
        final = [study.point(place, rate, seed) for rate in rates for seed in study.seeds]
        return PlacePlan(place, [], final=final)
    first, *others = study.tuning_seeds
    rates = rates or study.grid
    trials = [study.point(place, rate, first) for rate in rates]
    ranks: dict[float, list[Rank]] = {}

    def all_ended(points: Sequence[Point]) -> bool:
        found = [(point, rank_of(point)) for point in points]
        for point, rank in found:
            if rank is not None:
                ranks.setdefault(point.lr, []).append(rank)
        return all(rank is not None for _, rank in found)

    if not all_ended(trials):
        return PlacePlan(place, trials)
    near = study.neighbours(best_learning_rate(ranks), rates)
    more = [study.point(place, rate, seed) for seed in others for rate in near]
    trials += more
    if not all_ended(more):
        return PlacePlan(place, trials)
    chosen = best_learning_rate({rate: ranks[rate] for rate in (near if others else rates)})
    final = [study.point(place, chosen, seed) for seed in study.seeds]
    return PlacePlan(place, trials, chosen, is_bracketed(study.grid, ranks, chosen), final)


def plan_ladder(
    study: Study, cell: str, task: str, ended: Callable[[Point], Ended | None]
) -> list[PlacePlan]:
    """Plan the rungs that a cell has come to on a task's ladder of lengths.

    The first rung tries every rate, each further one the rate that the rung before chose and its
    neighbours: as many for every cell.  A rung is held if `SHARE` of its seeds solve it.  It runs a
    few seeds first, and the others unless so many of these failed that the rest cannot change it.
    The cell climbs until it fails `LOST` rungs in a row.
    """
    rungs: list[PlacePlan] = []
    rates, lost = study.grid, 0
    for length in study.ladders[task]:
        plan = judge(
            study, plan_place(study, Place(cell, task, length), rank_by(ended), rates), ended
        )
        rungs.append(plan)
        if plan.held is None or plan.chosen is None:
            break
        lost = 0 if plan.held else lost + 1
        if lost == LOST:
            break
        rates = study.neighbours(plan.chosen)
    return rungs


def rank_by(ended: Callable[[Point], Ended | None]) -> Callable[[Point], Rank | None]:
    """Look only at the rank of what ended."""

    def rank(point: Point) -> Rank | None:
        found = ended(point)
        return None if found is None else found.rank

    return rank


def judge(study: Study, plan: PlacePlan, ended: Callable[[Point], Ended | None]) -> PlacePlan:
    """Cut a rung's final runs to those that are due by now, and say whether it is held."""
    if not plan.final:
        return plan
    count = len(plan.final)
    needed = math.ceil(SHARE * count - 1e-9)
    decisive = count - needed + 1  # failures that decide against the rung
    early = min(count, decisive + BEYOND)
    for due in (plan.final[:early], plan.final):
        found = [ended(point) for point in due]
        solved = [run.solved for run in found if run is not None]
        if len(solved) < len(due):
            return plan._replace(final=due)
        if solved.count(False) >= decisive:
            return plan._replace(final=due, held=False)
    return plan._replace(held=True)


def rungs_to_go(study: Study, task: str, rungs: Sequence[PlacePlan]) -> int:
    """Count the rungs that a cell will at least be asked beyond those that are known."""
    lost = 0
    for plan in rungs:
        lost = 0 if plan.held else lost + 1  # one that is not decided may be lost
    return max(0, min(LOST - lost, len(study.ladders[task]) - len(rungs)))


def best_learning_rate(ranks: Mapping[float, Sequence[Rank]]) -> float:
    """Find the rate with the smallest mean rank over its seeds; of equals the smallest rate."""
    return min(sorted(ranks), key=lambda rate: mean_rank(ranks[rate]))


def is_bracketed(
    grid: Sequence[float], ranks: Mapping[float, Sequence[Rank]], chosen: float
) -> bool:
    """Tell whether the next smaller and the next larger rate of the grid did worse.

    Two rates are compared on the seeds that both were tried on: the first ones.
    """
    place = grid.index(chosen)
    if place in (0, len(grid) - 1):
        return False
    sides = (grid[place - 1], grid[place + 1])
    if not all(side in ranks for side in sides):
        return False
    both = ((ranks[chosen], ranks[side]) for side in sides)
    pairs = ((own[: len(other)], other[: len(own)]) for own, other in both)
    return all(mean_rank(own) < mean_rank(other) for own, other in pairs)


def mean_rank(ranks: Sequence[Rank]) -> Rank:
    """Average each part."""
    return mean(rank[0] for rank in ranks), mean(rank[1] for rank in ranks)


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean."""
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
