"""What a rule of a claim may ask of runs: which they are, what happened, and what is measured."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import quantile_test

from longlag.errors import LonglagError
from longlag.records.gradient_decay import best_rate
from longlag.records.run import Run
from longlag.records.side_files import Path, profile
from longlag.stats import Interval
from longlag.stats.decay import slope

LEVEL = 0.95
FEWEST = 6  # seeds of which the median has an interval of that level
NOTHING = Interval(math.nan, math.nan, math.nan)
Where = Annotated[dict[str, bool | int | float | str | None], Field(min_length=1)]


class Part(BaseModel):
    """A part of a rule: no other key, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Event(Part):
    """What a run did or did not: it solved its task, diverged, or a test metric passed a bar."""

    metric: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def happened(self, run: Run) -> bool:
        """Look at the metric on test; a run that diverged has passed no bar."""
        value = run.record.metrics.test.get(self.metric, math.nan)
        return not run.diverged and self.at_least <= value <= self.at_most


Outcome = Literal["solved", "diverged"] | Event


def happened(event: Outcome, run: Run) -> bool:
    """Tell whether an event happened in a run."""
    return event.happened(run) if isinstance(event, Event) else bool(getattr(run, event))


def sequences(run: Run) -> float:
    """Count the training sequences until the task was solved; infinite if it never was."""
    rule = run.record.solved
    return float(rule.sequences) if rule and rule.met and rule.sequences else math.inf


def score(run: Run) -> float:
    """Return the test score; the worst there is for a run that diverged."""
    return run.goodness if run.rises else -run.goodness


def decay(leaf: str, at: int) -> Callable[[Run], float]:
    """Measure the decay rate of a part of the first layer's state, in nats a step."""

    def rate(run: Run) -> float:
        row = profile(run.probe, Path(0, leaf), at)
        return math.nan if row is None else slope(np.arange(len(row)), row)

    return rate


MEASURES: Mapping[str, Callable[[Run], float]] = {
    "score": score,
    "skill": lambda run: run.skill,  # 0 at the floor, 1 perfect
    "over_floor": lambda run: score(run) / run.floor,
    "sequences": sequences,
    "parameters": lambda run: float(run.parameters),
    "seconds": lambda run: run.seconds,
    "decay_start": lambda run: best_rate(run, 0),  # of the slowest part of the state
    "decay_end": lambda run: best_rate(run, -1),
    "decay_h_start": decay("h", 0),
    "decay_c_start": decay("c", 0),
    "decay_h_end": decay("h", -1),
    "decay_c_end": decay("c", -1),
}
Measure = Literal[
    "score", "skill", "over_floor", "sequences", "parameters", "seconds", "decay_start",
    "decay_end", "decay_h_start", "decay_c_start", "decay_h_end", "decay_c_end",
]  # fmt: skip


def among(runs: Sequence[Run], where: Where) -> list[Run]:
    """Pick the runs of an arm: `cell` and `task` by name, everything else by its setting.

    Raises:
        LonglagError: there is none.
    """
    names = {"cell": lambda run: run.cell, "task": lambda run: run.task}

    def fits(run: Run) -> bool:
        look = ((names.get(k, lambda r, k=k: r.setting(k))(run), v) for k, v in where.items())
        return all(found == wanted for found, wanted in look)

    found = [run for run in runs if fits(run)]
    if not found:
        raise LonglagError(f"the rule of the claim asks for runs with {where}; there is none")
    return found


def by_seed(runs: Sequence[Run], where: Where) -> dict[int, Run]:
    """Give the run of each seed of an arm.

    Raises:
        LonglagError: an arm with several runs of a seed.
    """
    found: dict[int, Run] = {}
    for run in among(runs, where):
        if run.seed in found:
            raise LonglagError(f"the rule's arm {where} has several runs of seed {run.seed}")
        found[run.seed] = run
    return found


def median_interval(values: Sequence[float]) -> Interval:
    """Bound the median over seeds by an exact test on order statistics; infinities may be there.

    Source: Conover 1999, section 3.2, as scipy.stats.quantile_test computes it.
    """
    known = np.array([value for value in values if not math.isnan(value)])
    if len(known) < FEWEST:
        return NOTHING
    middle = float(np.sort(known)[(len(known) - 1) // 2])
    bounds = quantile_test(known, p=0.5).confidence_interval(LEVEL)
    return Interval(middle, float(bounds.low), float(bounds.high))


def paired(
    runs: Sequence[Run], of: Where, other: Where, measured: Measure
) -> list[tuple[float, float]]:
    """Measure two arms on the seeds that both have."""
    a, b = by_seed(runs, of), by_seed(runs, other)
    return [(MEASURES[measured](a[s]), MEASURES[measured](b[s])) for s in sorted(a.keys() & b)]
