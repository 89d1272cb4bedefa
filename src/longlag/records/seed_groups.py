"""Runs that differ only in their seed, side by side: one row of every table."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.random import Generator

from longlag.nn.layer_names import cell_label
from longlag.records.headers import display_name, header_of
from longlag.records.reader import Study
from longlag.records.record import Json
from longlag.records.run import Run
from longlag.records.side_files import Path, parts, profile
from longlag.stats import Horizon, Interval, median_range, memory_horizon, share_interval

SEEDS = ("seed", "seeds.init", "seeds.data")  # all that differs within a row
Item = TypeVar("Item")
Key = TypeVar("Key")
ORDER = ("rnn", "elman", "lstm", "gru")


def fresh() -> Generator:
    """Make the generator of every test of a report: the same data, the same p-value anywhere."""
    return np.random.default_rng(0)


@dataclass(frozen=True)
class Group:
    """The seeds of one cell, as configured, on one task at one length."""

    cell: str  # the name of its configuration
    label: str  # what tells it from the other rows of the task
    task: str
    length: int | None
    runs: tuple[Run, ...]

    @property
    def setting(self) -> str:
        """Name the task and its length for people."""
        return setting_label(self.task, self.length)

    @property
    def metric(self) -> str:
        """Name the headline metric."""
        return self.runs[0].metric

    @property
    def scores(self) -> np.ndarray:
        """List the test scores of the seeds; NaN for one that diverged."""
        return np.array([run.score() for run in self.runs])

    @property
    def skills(self) -> np.ndarray:
        """Scale the scores from floor (0) to perfect (1)."""
        return np.array([run.skill for run in self.runs])

    @cached_property
    def score(self) -> Interval:
        """Take the median over the seeds that have a score, with the worst and the best of them."""
        return median_range(self.scores)

    @property
    def solved(self) -> int | None:
        """Count the seeds that met the criterion; None: there is none."""
        met = [run.solved for run in self.runs]
        return None if None in met else sum(bool(m) for m in met)

    @cached_property
    def success(self) -> Interval:
        """Return the share of seeds that met the criterion, with the exact 95 % interval."""
        count = self.solved
        return Interval(*[np.nan] * 3) if count is None else share_interval(count, len(self.runs))

    @cached_property
    def typical(self) -> Run:
        """Pick the run with the median score."""
        order = np.argsort(np.nan_to_num(self.scores, nan=np.inf), kind="stable")
        return self.runs[int(order[len(order) // 2])]

    def profiles(self, leaf: str, at: int, layer: int = 0) -> np.ndarray:
        """Return ||dL/ds|| (S,K) of the seeds, `at` 0 (initialisation) or -1 (after training)."""
        rows = [profile(run.probe, Path(layer, leaf), at) for run in self.runs]
        found = [row for row in rows if row is not None]
        width = min((len(row) for row in found), default=0)
        return np.array([row[:width] for row in found], float).reshape(len(found), width)

    @cached_property
    def paths(self) -> list[Path]:
        """List the probed parts of the state: layers from the input up, h first in each."""
        found = parts({name for run in self.runs for name in run.probe}, "profile")
        return sorted(found, key=lambda path: (path.layer, path.leaf != "h", path.leaf))

    @property
    def entrance(self) -> list[Path]:
        """List the parts of the states through one of which everything that is read must pass."""
        return [path for path in self.paths if path.layer < self.runs[0].first_cells]

    def place(self, layer: int) -> str:
        """Name a layer for people: layer 1, layer 2 backward; nothing if there is no other."""
        cells = len({path.layer for path in self.paths})
        return cell_label(layer, cells, self.runs[0].ways)

    def named(self, path: Path) -> str:
        """Name a part of the state for people: h, or layer 1 h."""
        return f"{self.place(path.layer)} {path.leaf}".strip()

    def line(self, path: Path) -> str:
        """Name a curve: the row, with the part of the state where there are several."""
        return f"{self.label} {self.named(path)}" if len(self.paths) > 1 else self.label

    def among(self, met: bool | None) -> "Group | None":
        """Pick the runs that solved the task (True) or did not (False); None if there are none."""
        kept = tuple(run for run in self.runs if run.solved is met)
        return replace(self, runs=kept) if kept else None


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Collect items by a key, in the order in which they and the keys come."""
    found: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return dict(found)


def flat(config: Any, prefix: str = "") -> Json:
    """Flatten a nested configuration: {"optim.lr": .01, ...}."""
    if not isinstance(config, dict):
        return {prefix: config}
    found: Json = {}
    for key, value in config.items():
        found |= flat(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def task_label(task: str) -> str:
    """Name a task for people, as its header does, on one line."""
    return header_of("task", task).name or " ".join(task.replace("_", " ").split())


def setting_label(task: str, length: int | None) -> str:
    """Name a task at one length for people."""
    return task_label(task) + ("" if length is None else f", T = {length}")


def rank(cell: str) -> tuple[int, str]:
    """Rank the three classics first, then by name."""
    return (ORDER.index(cell) if cell in ORDER else len(ORDER), cell)


def group(runs: Iterable[Run]) -> list[Group]:
    """Group runs into rows, in the order of tasks' names and lengths, and of cells by `rank`."""
    places: dict[tuple[str, int | None, str], dict[str, list[Run]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        rest = {k: v for k, v in flat(run.config).items() if k not in SEEDS}
        places[run.task, run.length, run.cell][repr(sorted(rest.items(), key=str))].append(run)
    groups = []
    for (task, length, cell), variants in places.items():
        labels = variant_labels(display_name(cell), [found[0] for found in variants.values()])
        for label, found in zip(labels, variants.values(), strict=True):
            ordered = tuple(sorted(found, key=lambda run: (run.seed, run.id)))
            groups.append(Group(cell, label, task, length, ordered))
    return sorted(groups, key=lambda g: (g.task, g.length or 0, rank(g.cell), g.label))


def variant_labels(name: str, runs: list[Run]) -> list[str]:
    """Label each variant: the cell's name, and the settings in which the variants differ."""
    configs = [flat(run.config) for run in runs]
    keys = sorted({key for config in configs for key in config} - set(SEEDS))
    differ = [k for k in keys if len({repr(config.get(k)) for config in configs}) > 1]
    labels = []
    for config in configs:
        own = ", ".join(f"{k.rsplit('.', 1)[-1]} {brief(config[k])}" for k in differ if k in config)
        labels.append(f"{name} ({own})" if own else name)
    return labels


def brief(value: Any, most: int = 32) -> str:
    """Write a value in one line of at most so many letters, without a figure's marks."""
    text = " ".join(str(value).replace("$", " ").split())
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 4 :]}"


def settings(groups: list[Group]) -> dict[str, list[Group]]:
    """Collect the rows of every task and length."""
    return grouped(groups, lambda g: g.setting)


def study_groups(study: Study) -> list[Group]:
    """Group the runs that count into rows."""
    return group(study.final)


def solved_by_length(runs: Iterable[Run]) -> dict[int, np.ndarray]:
    """Tell which seeds solved each length that was come to, in the order of the seeds."""
    judged = (run for run in runs if run.length and run.solved is not None)
    rungs = grouped(sorted(judged, key=lambda run: run.seed), lambda run: run.length or 0)
    return {T: np.array([bool(run.solved) for run in rungs[T]]) for T in sorted(rungs)}


def horizon(runs: Iterable[Run], decided: bool) -> Horizon:
    """Find how long one cell remembers on one task.

    Args:
        runs: at several lengths.
        decided: whether no further run can change it.
    """
    return memory_horizon(solved_by_length(runs), decided=decided)
