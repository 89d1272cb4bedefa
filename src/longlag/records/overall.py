"""All tasks added up, each task once: however many lengths it was run at, it is one task.

Tasks with a criterion count by the share of seeds that met it, for their scores lie at two ends and
a mean between them is a score that no run has.  Tasks without one count by their skill.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from longlag.records.run import Run
from longlag.records.seed_groups import Group, grouped
from longlag.stats import (
    Interval,
    mean_interval,
    performance_profile,
    probability_of_improvement,
)

Tasks = dict[str, list[Group]]  # the settings of each task, of one cell


@dataclass(frozen=True)
class Overall:
    """One cell on all tasks.

    Args:
        cell: the name of its configuration.
        label: what tells it from the others.
        solved: the share of tasks with a criterion that each seed solved (S,).
        skill: the mean skill of each seed on the tasks without one (S,).
        tasks: the skills of its runs by task, one array a length.
    """

    cell: str
    label: str
    solved: np.ndarray
    skill: np.ndarray
    tasks: dict[str, list[np.ndarray]]

    @property
    def success(self) -> Interval:
        """Take the mean over tasks and seeds, with a t-interval over seeds."""
        return mean_interval(self.solved)

    @property
    def mean_skill(self) -> Interval:
        """Take the mean of the skill likewise."""
        return mean_interval(self.skill)

    def profile(self, bars: np.ndarray) -> np.ndarray:
        """Return the share of runs above each skill, averaged over tasks."""
        return np.mean([performance_profile(lengths, bars) for lengths in self.tasks.values()], 0)

    def improves(self, other: "Overall") -> float:
        """Return the chance that a run beats one of the other cell, averaged over tasks."""
        chances = (probability_of_improvement(self.tasks[t], other.tasks[t]) for t in self.tasks)
        return float(np.mean(list(chances)))


def overall(settings: dict[str, list[Group]]) -> list[Overall]:
    """Add up every cell that ran on every task whose floor is known; none if there is only one."""
    known = {s: gs for s, gs in settings.items() if not np.isnan(gs[0].runs[0].floor)}
    labels = dict.fromkeys(g.label for gs in known.values() for g in gs)
    found = []
    for label in labels:
        own = [g for gs in known.values() for g in gs if g.label == label]
        if len(own) == len(known):
            found.append(add_up(own))
    return found if len(found) > 1 else []


def add_up(own: list[Group]) -> Overall:
    """Add up the rows of one cell."""
    tasks = grouped(own, lambda g: g.task)
    judged = {task: gs for task, gs in tasks.items() if all(g.solved is not None for g in gs)}
    others = {task: gs for task, gs in tasks.items() if task not in judged}
    skills = {task: [g.skills for g in gs] for task, gs in tasks.items()}
    return Overall(
        own[0].cell,
        own[0].label,
        by_seed(judged, lambda run: float(bool(run.solved))),
        by_seed(others, lambda run: run.skill),
        skills,
    )


def by_seed(tasks: Tasks, value: Callable[[Run], float]) -> np.ndarray:
    """Average, for every seed that all settings have, over lengths and then over tasks (S,)."""
    rows = [[{r.seed: value(r) for r in g.runs} for g in gs] for gs in tasks.values()]
    if not rows:
        return np.zeros(0)
    seeds = set.intersection(*(set(found) for lengths in rows for found in lengths))
    return np.array(
        [np.mean([np.mean([found[s] for found in gs]) for gs in rows]) for s in sorted(seeds)]
    )
