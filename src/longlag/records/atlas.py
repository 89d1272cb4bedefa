"""The atlas of a study: for every cell and task how long it remembers, and what that costs."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from longlag.records.headers import display_name, header_of
from longlag.records.reader import Study, read_study
from longlag.records.run import Run
from longlag.records.seed_groups import grouped, horizon, solved_by_length
from longlag.records.untrained import Untrained, read_untrained
from longlag.stats import mean_interval

Pair = tuple[str, str]  # a cell and a task


@dataclass(frozen=True)
class AtlasRow:
    """One cell on one task.

    Args:
        cell: of conf/cell.
        name: of the cell, for people.
        year: of its first paper.
        family: of the cell, one of `longlag.records.headers.FAMILIES`.
        task: of conf/task.
        kind: `horizon` (steps, of a task with a ladder) or `score` (on test).
        value: the memory horizon, or the mean score over seeds; None: below the shortest rung, or
            no seed has a score, or nothing is known yet.
        low: end of the interval, of `memory_horizon` or of `mean_interval`; None: none, or beyond
            the ladder.
        high: likewise.
        decided: whether the study has nothing left to run here.
        decay_at_init: of the gradient of the untrained cell, nats per step: median over seeds.
        step_us: CPU microseconds of a training step.
        parameters: of the model.
        state: numbers that it carries from step to step; 0 without a recurrence.
        shown: the value for people: 50, at least 400, < 5, or ? where nothing is decided.
        metric: `length`, or that of the score.
        rises: whether more of it is better.
        model: of conf/model that the cell ran in.
    """

    cell: str
    name: str
    year: int | None
    family: str
    task: str
    kind: str
    value: float | None
    low: float | None
    high: float | None
    decided: bool
    decay_at_init: float | None
    step_us: float | None
    parameters: int | None
    state: int | None
    shown: str = "?"
    metric: str = "length"
    rises: bool = True
    model: str = ""

    @property
    def known(self) -> bool:
        """Tell whether the place among the other cells is known."""
        return self.decided and (self.value is not None or self.kind == "horizon")

    @property
    def goodness(self) -> float:
        """Turn the value so that more is better; a horizon below the shortest rung is 0."""
        value = 0.0 if self.value is None else self.value
        return value if self.rises else -value

    @property
    def span(self) -> tuple[float, float]:
        """Return the interval, turned likewise; infinite where an end is not known."""
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return (low, high) if self.rises else (-high, -low)

    def ties(self, other: "AtlasRow") -> bool:
        """Tell whether the intervals of two cells overlap; that of a horizon is [low, high)."""
        (low, high), (its_low, its_high) = self.span, other.span
        if self.kind == "score":
            return low <= its_high and its_low <= high
        return low < its_high and its_low < high


@dataclass(frozen=True)
class Atlas:
    """Every row, and what lies under it."""

    study: Study
    untrained: Untrained
    config_dir: Path | None = None

    @cached_property
    def runs(self) -> dict[Pair, list[Run]]:
        """Return the runs that count, by cell and task."""
        counted = {run.id for run in self.study.final}
        final = (
            run
            for run in self.study.runs
            if run.id in counted or run.record.names.get("stage") == "final"
        )
        return grouped(final, lambda run: (run.cell, run.task))

    @cached_property
    def pairs(self) -> list[Pair]:
        """Pair every task with every cell, in the order of the plan."""
        planned = [(e["cell"], e["task"]) for e in self.study.plan.get("chosen", ())]
        pairs = [*planned, *self.runs]
        cells, tasks = (list(dict.fromkeys(pair[i] for pair in pairs)) for i in (0, 1))
        return [(cell, task) for task in tasks for cell in cells]

    @cached_property
    def cells(self) -> list[str]:
        """List them in the order of the plan."""
        return list(dict.fromkeys(cell for cell, _ in self.pairs))

    @cached_property
    def tasks(self) -> dict[str, list[AtlasRow]]:
        """Return the rows of each task."""
        return grouped(self.rows, lambda row: row.task)

    @cached_property
    def rows(self) -> list[AtlasRow]:
        """Return one for each cell and task."""
        return [self.row(pair) for pair in self.pairs]

    def solved(self, pair: Pair) -> dict[int, np.ndarray]:
        """Tell which seeds solved each rung that was come to, in the order of the seeds."""
        return solved_by_length(self.runs.get(pair, ()))

    def row(self, pair: Pair) -> AtlasRow:
        """Return what is known of a cell on a task."""
        cell, task = pair
        header, start = header_of("cell", cell, self.config_dir), self.untrained.of(cell, task)
        runs = self.runs.get(pair, [])
        climbed = any(its_task == task for _, its_task in self.study.ladders)
        found = self.horizon(pair) if climbed else self.score(pair)
        model = runs[0].record.model if runs else None
        decay = start.median("decay") if start else np.nan
        return AtlasRow(
            cell=cell,
            name=display_name(cell, self.config_dir),
            year=header.year,
            family=header.family,
            task=task,
            decay_at_init=None if np.isnan(decay) else decay,
            step_us=self.untrained.step_us.get(cell),
            parameters=model.parameters if model else start.parameters if start else None,
            state=model.state_size if model else start.state if start else None,
            model=header.model,
            **found,
        )

    def horizon(self, pair: Pair) -> dict:
        """Return the fields that tell how long a cell remembers."""
        decided = bool(self.study.ladders.get(pair, {}).get("decided"))
        if not self.solved(pair):
            return {"kind": "horizon", "value": None, "low": None, "high": None, "decided": False}
        found = horizon(self.runs[pair], decided)
        return {"kind": "horizon", "value": found.value, "low": found.low, "high": found.high} | {
            "decided": decided,
            "shown": str(found),
        }

    def score(self, pair: Pair) -> dict:
        """Return the fields that tell how well a cell does where no length is climbed."""
        runs = self.runs.get(pair, [])
        start, named = "-".join(pair) + "-", [s for s in self.study.plan.get("stages", ())]
        due = {i for s in named if s["name"] == "final" for i in s["ids"] if i.startswith(start)}
        value, low, high = mean_interval(np.array([run.score() for run in runs]))
        return {
            "kind": "score",
            "value": optional(value),
            "low": optional(low),
            "high": optional(high),
            "decided": bool(due) and due <= {run.id for run in runs},
            "shown": f"{value:.3g}" if value == value else "diverged" if runs else "?",
            "metric": runs[0].metric if runs else "",
            "rises": runs[0].rises if runs else True,
        }


def optional(value: float) -> float | None:
    """Return a number; None for NaN."""
    return None if np.isnan(value) else float(value)


def read_atlas(folder: Path, config_dir: Path | None = None) -> Atlas:
    """Read the atlas of a study's folder, however much of it is computed.

    Args:
        folder: results/<study>.
        config_dir: the user's own folder of groups, where a cell of theirs has its header.

    Raises:
        LonglagError: no such folder, or not a single record in it.
    """
    return Atlas(read_study(folder), read_untrained(folder), config_dir)


def as_csv(rows: Iterable[AtlasRow]) -> str:
    """Write rows as a table with a header; None is an empty field."""
    file = io.StringIO()
    table = csv.DictWriter(file, [f.name for f in fields(AtlasRow)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    return file.getvalue()
