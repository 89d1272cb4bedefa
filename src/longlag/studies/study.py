"""A study: a question, and the runs that answer it.

Every cell gets the same trials on every task: each learning rate of the grid on the first tuning
seed, then the best three neighbouring rates on the other tuning seeds.  The chosen rate runs on the
seeds of the study.  The choice is made on validation, and test is read once a run.  A task may have
a ladder of lengths, which each cell climbs until it fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from longlag.errors import LonglagError, did_you_mean
from longlag.records.headers import header_of
from longlag.runs.config import INCIDENTAL, choices_of, first_part, path_of, resolve

NEIGHBOURS = 3  # rates that are tried on every tuning seed


class Place(NamedTuple):
    """A cell on a task, or on one rung of a task's ladder."""

    cell: str
    task: str
    length: int | None = None  # of the rung; None: as the task's settings have it


class Point(NamedTuple):
    """One run of a study."""

    place: Place
    lr: float
    seed: int
    shared: tuple[str, ...]  # overrides of every run of this cell on this task

    @property
    def own(self) -> dict[str, Any]:
        """Return what tells it from the other runs of its cell and task."""
        length = self.place.length
        rung = {} if length is None else {"task.length": length}
        return {**rung, "optim.lr": self.lr, "seed": self.seed}

    @property
    def overrides(self) -> tuple[str, ...]:
        """Return the command line that runs it."""
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
        tuning_seeds: of the trials; every rate runs on the first, the best ones on all.
        seeds: of the final runs.
        settings: overrides of every run.
        ladders: lengths of tasks that are searched for each cell's memory horizon.
        intended_models: whether each cell runs in the model that its yaml says it was made for.
        examine: whether the runs with the median score are looked into, for the report.
        tune: False: no rate is chosen; every one of the grid runs on every seed, or the one rate
            that a task's own settings give.
        given: overrides of the command line, which win over those of the study and of its tasks.
        config_dir: of the user's own groups.

    Raises:
        LonglagError: something is missing, of another type, or contradicts the rest.
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
    ladders: dict[str, list[int]] = field(default_factory=dict)
    intended_models: bool = False
    examine: bool = True
    tune: bool = True
    given: list[str] = field(default_factory=list)
    config_dir: Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.tasks, list):
            raise LonglagError(
                f"study {self.name}: tasks must name each task with a list of its settings, as in "
                f"'study.tasks={{adding: [task.length=20]}}', not {self.tasks}"
            )
        for what in ("cells", "tasks", "grid", "tuning_seeds", "seeds"):
            self.refuse_unless(what, isinstance(getattr(self, what), list | dict), "a list")
            if not getattr(self, what) and (self.tune or what != "tuning_seeds"):
                raise LonglagError(f"study {self.name}: {what} must not be empty")
        self.check_words()
        for what in ("tuning_seeds", "seeds"):
            values = getattr(self, what)
            self.refuse_unless(
                what, all(type(v) is int and v >= 0 for v in values), "whole numbers"
            )
            self.refuse_unless(what, len(set(values)) == len(values), "different from one another")
        numbers = all(type(v) in (int, float) and 0 < v < float("inf") for v in self.grid)
        self.refuse_unless("grid", numbers, "learning rates above 0")
        for what in ("examine", "intended_models", "tune"):
            self.refuse_unless(what, type(getattr(self, what)) is bool, "true or false")
        self.check_ladders()
        shared = sorted(set(self.tuning_seeds) & set(self.seeds))
        if shared:
            raise LonglagError(
                f"study {self.name}: seeds {shared} are used for tuning and for the result; "
                "give tuning_seeds of their own"
            )
        self.grid = sorted({float(rate) for rate in self.grid})

    def check_words(self) -> None:
        """Refuse names and settings that are no texts."""

        def words(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(word, str) for word in value)

        for what in ("title", "question"):
            self.refuse_unless(what, isinstance(getattr(self, what), str), "a text")
        self.refuse_unless("cells", words(self.cells), "a list of names of conf/cell")
        self.refuse_unless("settings", words(self.settings), "a list such as [optim=adam]")
        rule = "a list of settings for each task, as in {adding: [task.length=20]}"
        self.refuse_unless("tasks", all(map(words, self.tasks.values())), rule)

    def check_ladders(self) -> None:
        """Refuse a ladder without rungs, and one of no task of the study."""
        rule = "one of rising lengths for each task, as in {adding: [10, 20, 50]}"
        self.refuse_unless("ladders", isinstance(self.ladders, dict), rule)
        self.refuse_unless("ladders", self.tune or not self.ladders, "empty where tune is false")
        for task, rungs in self.ladders.items():
            whole = isinstance(rungs, list) and all(type(T) is int and T > 0 for T in rungs)
            self.refuse_unless("ladders", whole and bool(rungs), rule)
            self.refuse_unless("ladders", rungs == sorted(set(rungs)), rule)
            self.refuse_unless("ladders", task in self.tasks, f"of its tasks {list(self.tasks)}")

    def refuse_unless(self, what: str, allowed: bool, rule: str) -> None:
        """Refuse a setting that is not what it must be."""
        if not allowed:
            value = getattr(self, what)
            raise LonglagError(f"study {self.name}: {what} must be {rule}, not {value}")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Pair every task with every cell."""
        return [(cell, task) for task, cell in product(self.tasks, self.cells)]

    @property
    def trials(self) -> int:
        """List trials of each cell on each task, or on the first rung of its ladder."""
        if not self.tune:
            return 0
        return len(self.grid) + self.near * (len(self.tuning_seeds) - 1)

    @property
    def trials_on_a_rung(self) -> int:
        """List trials of each cell on a further rung."""
        return self.near * len(self.tuning_seeds)

    @property
    def near(self) -> int:
        """List the rates that are tried on every tuning seed."""
        return min(NEIGHBOURS, len(self.grid))

    def rates_of(self, task: str) -> list[float]:
        """Return a task's rates in a study that chooses none: its own, or those of the grid."""
        own = [w.partition("=")[2] for w in self.tasks[task] if path_of(w) == "optim.lr"]
        return [float(own[-1])] if own else self.grid

    def point(self, place: Place, lr: float, seed: int) -> Point:
        """Make one run and its overrides; what comes later wins."""
        name = place.task.partition("@")[0]
        chosen = (f"cell={place.cell}", f"task={name}", *self.model_of(place.cell))
        own = (*self.settings, *self.tasks[place.task], *self.given)
        return Point(place, lr, seed, (*chosen, *own))

    def model_of(self, cell: str) -> list[str]:
        """Return the overrides of the model that a cell was made for, if the study asks for it."""
        header = header_of("cell", cell, self.config_dir)
        if not self.intended_models or not header.model:
            return []
        layers = [f"model.layers={header.layers}"] if header.layers else []
        return [f"model={header.model}", *layers]

    def neighbours(self, rate: float, rates: Sequence[float] = ()) -> list[float]:
        """List the rates nearest to one of them, of the grid or of `rates`, itself among them."""
        rates = list(rates or self.grid)
        place = rates.index(rate) - NEIGHBOURS // 2
        first = max(0, min(place, len(rates) - NEIGHBOURS))
        return rates[first : first + NEIGHBOURS]


def study_of(words: Sequence[str], config_dir: Path | None = None) -> Study:
    """Read the study that a command line asks for.

    `cell=` and `task=` pick among the study's cells and tasks, `study.KEY=` sets what the study
    itself holds, and every other setting wins over the study's own in all of its runs.

    Args:
        words: overrides.
        config_dir: of the user's own groups.

    Raises:
        LonglagError: no study was chosen, it lacks something, or the words contradict it.
    """
    config = resolve([w for w in words if first_part(w) in INCIDENTAL], config_dir)
    name = config.names.get("study")
    if not name:
        raise LonglagError("which study? give study=NAME; `longlag list studies` shows them")
    content = OmegaConf.to_container(config.values.study)
    assert isinstance(content, dict)
    return study_with(name, {str(k): v for k, v in content.items()}, words, config_dir)


def study_with(
    name: str, held: dict[str, Any], words: Sequence[str], config_dir: Path | None = None
) -> Study:
    """Make the study of some content, as a command line changes it; see `study_of`.

    Raises:
        LonglagError: it lacks something, or the words contradict it.
    """
    own = [w for w in words if first_part(w) not in INCIDENTAL]
    own = [w for w in own if path_of(w) not in ("cell", "task")]
    refuse_contradictions(own)
    beside = [w for w in words if first_part(w) in ("logger", "results", "checkpoint")]
    picked = {group: choices_of(words, group, config_dir) for group in ("cell", "task")}
    try:
        study = Study(name=name, given=[*own, *beside], config_dir=config_dir, **held)
    except TypeError as error:
        raise LonglagError(
            f"study {name}: {str(error).replace('Study.__init__() ', '')}"
        ) from error
    study.cells = picked["cell"] or study.cells
    study.tasks = pick_tasks(study, picked["task"]) if picked["task"] else study.tasks
    study.ladders = {task: rungs for task, rungs in study.ladders.items() if task in study.tasks}
    if study.ladders and (given := [w for w in own if path_of(w) == "task.length"]):
        task = next(iter(study.ladders))
        raise LonglagError(
            f"{given[0]}: the study climbs a ladder of lengths; give its rungs: "
            f"'study.ladders.{task}=[{given[0].partition('=')[2]}]'"
        )
    return study


def refuse_contradictions(words: Sequence[str]) -> None:
    """Refuse what a study decides itself for each of its runs.

    Raises:
        LonglagError: such a setting, with the study's own key for it.
    """
    for word in words:
        path, value = path_of(word), word.partition("=")[2]
        if path == "optim.lr":
            raise LonglagError(
                f"{word}: a study finds the learning rate of each cell; give the rates that it "
                f"tries: study.grid=[{value}]"
            )
        if first_part(word) in ("seed", "seeds"):
            raise LonglagError(
                f"{word}: a study runs on seeds of its own; give them: study.seeds=[{value}]"
            )


def pick_tasks(study: Study, names: Sequence[str]) -> dict[str, list[str]]:
    """Pick the tasks of a study by name: adding for every adding@..., or adding@50 alone.

    Raises:
        LonglagError: the study has no such task.
    """
    picked: dict[str, list[str]] = {}
    for name in names:
        found = {k: v for k, v in study.tasks.items() if name in (k, k.partition("@")[0])}
        if not found:
            allowed = list(study.tasks)
            raise LonglagError(
                f"task={name}: study {study.name} has no such task{did_you_mean(name, allowed)}; "
                f"it has {', '.join(allowed)}; add another by '+study.tasks.{name}=[]'"
            )
        picked |= found
    return picked
