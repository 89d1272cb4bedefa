"""One cell through the protocol of a study of many, and which of its runs tell most."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from longlag.errors import LonglagError, did_you_mean
from longlag.studies.pace import Paces, paces, seconds_of
from longlag.studies.plan import StudyPlan
from longlag.studies.study import Study, pick_tasks


def place_study(study: Study, cell: str, tasks: Sequence[str] = ()) -> Study:
    """Plan the runs of one cell as the study runs all of its own, under a name of their own.

    Args:
        study: whose protocol it is: tasks, ladders, rates, seeds and settings.
        cell: to be placed among the study's cells.
        tasks: a part of the study's; empty: all of them.

    Raises:
        LonglagError: the study climbs no ladder, or has no such task.
    """
    if not study.ladders:
        raise LonglagError(
            f"study {study.name} climbs no ladder of lengths, so it finds no horizon to place a "
            "cell by; take study=atlas, or give its yaml `ladders`"
        )
    known = {name for task in study.tasks for name in (task, task.partition("@")[0])}
    if unknown := [name for name in tasks if name not in known]:
        raise LonglagError(
            f"tasks={unknown[0]}: study {study.name} has no such task"
            f"{did_you_mean(unknown[0], list(study.tasks))}; it has {', '.join(study.tasks)}"
        )
    picked = pick_tasks(study, tasks) if tasks else study.tasks
    return replace(
        study,
        name=f"place-{cell}" if study.name == "atlas" else f"place-{cell}-{study.name}",
        title=f"{cell} among the cells of {study.name}",
        cells=[cell],
        tasks=picked,
        ladders={task: rungs for task, rungs in study.ladders.items() if task in picked},
    )


class Budget:
    """Chooses which of the runs that are due starts next, until the time is used up.

    Ladders come before tasks with a score.  The lowest rung that is not decided comes first, over
    all tasks: so each gets a bound before one gets its horizon.  Of equals the cheapest run does.

    Args:
        plan: of the study.
        seconds: after which no run starts.
        now: the time in seconds.
        evenly: whether seeds take turns instead: on the lowest rung the trials of every cell and
            task come first, then a run of each on the first seed, on the second, and so on; so each
            has as many runs, give or take one, whenever the time is up.
    """

    def __init__(
        self,
        plan: StudyPlan,
        seconds: float = float("inf"),
        now: Callable[[], float] = time.monotonic,
        evenly: bool = False,
    ) -> None:
        self.plan, self.now, self.evenly = plan, now, evenly
        self.end = now() + seconds

    @property
    def seconds_left(self) -> float:
        """Count until no run starts any more."""
        return max(0.0, self.end - self.now())

    def pick(self, due: Sequence[str]) -> str | None:
        """Pick the most informative run, one that is recorded first of all; None: time is up."""
        recorded = [run_id for run_id in due if run_id in self.plan.runs]
        if recorded:
            return recorded[0]
        if not self.seconds_left:
            return None
        if self.evenly:
            return min(due, key=lambda run_id: self.plan.turns[run_id])
        known = paces(self.plan)
        return min(due, key=lambda run_id: self.rank(run_id, known))

    def rank(self, run_id: str, known: Paces) -> tuple[bool, int, float]:
        """Rank a run in the order: the smallest comes first."""
        plan, pair = self.plan, self.plan.pair_of[run_id]
        rung, length = next(
            (rung, found.place.length)
            for rung, found in enumerate(plan.known[pair])
            if any(plan.id_of(point) == run_id for point in found.points)
        )
        seconds = seconds_of(plan, pair, length, known)
        return pair[1] not in plan.study.ladders, rung, seconds
