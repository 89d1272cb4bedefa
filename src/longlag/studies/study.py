"""A study: a question, the runs that answer it, and how each cell gets its learning rate.

Stage `tune` gives every cell the same trials on every task: each learning rate of the grid, on
seeds that are not used again.  Stage `final` runs the chosen rate on the seeds of the study.  The
choice is made on validation, and test is read once a run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.records.store import Store
from longlag.runs.config import INCIDENTAL, Config, first_part, variants

SECONDS_A_STEP = 0.01  # a rough guess, until there are records to go by


class Point(NamedTuple):
    """One run of a study."""

    cell: str
    task: str
    lr: float
    seed: int
    shared: tuple[str, ...]  # overrides of every run of this cell on this task

    @property
    def own(self) -> dict[str, Any]:
        """What tells it from the other runs of its cell and task."""
        return {"optim.lr": self.lr, "seed": self.seed}

    @property
    def overrides(self) -> tuple[str, ...]:
        """The command line that runs it."""
        return (*self.shared, *(f"{name}={value}" for name, value in self.own.items()))


@dataclass
class Study:
    """What conf/study/<name>.yaml holds.

    Args:
        name: of the file.
        title: of the report.
        question: that the report answers.
        cells: names of conf/cell.
        tasks: names of conf/task, each with its overrides; a name may come twice, told apart by
            what follows an @: adding@50, adding@100.
        grid: learning rates, the same for every cell.
        tuning_seeds: of the trials.
        seeds: of the final runs.
        settings: overrides of every run.
        examine: whether the runs with the median score are looked into, for the report.
    """

    name: str
    title: str
    question: str
    cells: list[str]
    tasks: dict[str, list[str]]
    grid: list[float]
    tuning_seeds: list[int]
    seeds: list[int]
    settings: list[str] = field(default_factory=list)
    examine: bool = True

    def __post_init__(self) -> None:
        for what in ("cells", "tasks", "grid", "tuning_seeds", "seeds"):
            if not getattr(self, what):
                raise LonglagError(f"study {self.name}: {what} must not be empty")
        shared = sorted(set(self.tuning_seeds) & set(self.seeds))
        if shared:
            raise LonglagError(
                f"study {self.name}: seeds {shared} are used for tuning and for the result; "
                "give tuning_seeds of their own"
            )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every task with every cell."""
        return [(cell, task) for task, cell in product(self.tasks, self.cells)]

    def tuning(self) -> list[Point]:
        """The trials: as many for every cell."""
        return [
            self.point(cell, task, lr, seed)
            for cell, task in self.pairs
            for lr, seed in product(self.grid, self.tuning_seeds)
        ]

    def final(self, chosen: Mapping[tuple[str, str], float]) -> list[Point]:
        """The runs that count, at the chosen learning rates."""
        return [
            self.point(cell, task, chosen[cell, task], seed)
            for seed in self.seeds
            for cell, task in self.pairs
        ]

    def point(self, cell: str, task: str, lr: float, seed: int) -> Point:
        """One run and its overrides; what comes later wins."""
        name = task.partition("@")[0]
        shared = (f"cell={cell}", f"task={name}", *self.settings, *self.tasks[task])
        return Point(cell, task, lr, seed, shared)


def study_of(config: Config) -> Study:
    """The study of a composed config; the command line's other overrides hold for every run.

    Raises:
        LonglagError: no study was chosen, or it lacks something.
    """
    name = config.names.get("study")
    if not name:
        raise LonglagError("which study? give study=NAME; `longlag list studies` shows them")
    content = OmegaConf.to_container(config.values.study)
    assert isinstance(content, dict)
    own = [o for o in config.overrides if first_part(o) not in INCIDENTAL]
    content["settings"] = [*content.get("settings", []), *own]
    try:
        return Study(name=name, **{str(k): v for k, v in content.items()})
    except TypeError as error:
        raise LonglagError(
            f"study {name}: {str(error).replace('Study.__init__() ', '')}"
        ) from error


def choose(trials: Sequence[tuple[float, Mapping[str, Any] | None]]) -> float | None:
    """The learning rate that did best on validation: it solved the task soonest, or scored best.

    Args:
        trials: (learning rate, record or None where the run failed), of one cell and task.

    Returns:
        The rate with the smallest mean rank key over its seeds; of equals the smallest rate; None
        where every trial failed.
    """
    by_rate: dict[float, list[tuple[float, float]]] = {}
    for lr, record in trials:
        by_rate.setdefault(lr, []).append(merit(record))
    means = {lr: tuple(map(mean, zip(*keys, strict=True))) for lr, keys in by_rate.items()}
    best = min(sorted(means), key=lambda lr: means[lr])
    return None if all(record is None for _, record in trials) else best


def merit(record: Mapping[str, Any] | None) -> tuple[float, float]:
    """Smaller is better: (share of the budget until solved, 1 if never; score, sign turned)."""
    worst = float("inf")
    if record is None:
        return 3.0, worst
    score = record["metrics"]["validation"].get(record["score"])
    if record["status"] == "diverged" or score is None or score != score:
        return 2.0, worst
    solved = record["solved"] or {}
    budget = record["config"]["trainer"]["max_steps"]
    share = solved["step"] / budget if solved.get("met") else 1.0
    return share, -score if record["directions"][record["score"]] == "max" else score


def mean(values: Iterable[float]) -> float:
    """The arithmetic mean."""
    values = list(values)
    return sum(values) / len(values)


def best_rates(
    study: Study, store: Store, tuning: Mapping[str, Point]
) -> dict[tuple[str, str], float]:
    """The learning rate of each cell and task; the smallest where no trial succeeded."""
    chosen = {}
    for pair in study.pairs:
        trials = [
            (point.lr, store.read(run_id))
            for run_id, point in tuning.items()
            if (point.cell, point.task) == pair
        ]
        chosen[pair] = choose(trials) or min(study.grid)
    return chosen


def estimate(points: Sequence[Point], records: Iterable[Mapping[str, Any]]) -> float:
    """Seconds that the points take one after another, from like runs or by a rough guess."""
    seen: dict[tuple[str, str], list[float]] = {}
    for record in records:
        seconds = sum(record["seconds"].values())
        names = record["names"]
        for like in ((names["cell"], names["task"]), ("", names["task"]), ("", "")):
            seen.setdefault(like, []).append(seconds)
    total = 0.0
    for point in points:
        for like in ((point.cell, point.task), ("", point.task), ("", "")):
            if like in seen:
                total += mean(seen[like])
                break
        else:
            steps = [o.split("=")[1] for o in point.shared if o.startswith("trainer.max_steps=")]
            total += SECONDS_A_STEP * float(steps[-1] if steps else 2000)
    return total


class Ids:
    """The run ids of points, composed once in a process: a hundred configs take seconds.

    Args:
        config_dir: of the user's own groups.
    """

    def __init__(self, config_dir: Path | None) -> None:
        self.config_dir = config_dir
        self.known: dict[tuple[str, ...], str] = {}

    def of(self, points: Iterable[Point]) -> dict[str, Point]:
        """Points by run id.

        Raises:
            LonglagError: a point asks for something unknown.
        """
        points = list(points)
        new = [point for point in points if point.overrides not in self.known]
        for shared in dict.fromkeys(point.shared for point in new):
            alike = [point for point in new if point.shared == shared]
            configs = variants(shared, [point.own for point in alike], self.config_dir)
            for point, config in zip(alike, configs, strict=True):
                self.known[point.overrides] = config.id
        return {self.known[point.overrides]: point for point in points}
