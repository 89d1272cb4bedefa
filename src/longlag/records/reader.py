"""A study's folder as plain dataclasses: what is whole is read, the rest is named and skipped."""

import contextlib
import csv
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from longlag.errors import LonglagError

SCHEMA = 1
NEEDED = ("id", "names", "seed", "command", "config", "model", "task", "status", "score")
Json = dict[str, Any]
log = logging.getLogger("longlag")


@dataclass(frozen=True)
class Run:
    """One finished run: its record, and its curve and probe, which are read when asked for."""

    folder: Path
    record: Json

    @property
    def id(self) -> str:
        """Cell, task and the hash of the configuration."""
        return self.record["id"]

    @property
    def cell(self) -> str:
        """The name of the cell's configuration."""
        return self.record["names"]["cell"]

    @property
    def task(self) -> str:
        """The name of the task's configuration."""
        return self.record["names"]["task"]

    @property
    def length(self) -> int | None:
        """T as configured; None where the data decides."""
        return self.record["task"].get("length")

    @property
    def rate(self) -> float:
        """The learning rate; NaN if the optimiser has none."""
        return number(self.record["config"].get("optim", {}).get("lr"))

    @property
    def metric(self) -> str:
        """The headline metric."""
        return self.record["score"]

    @property
    def rises(self) -> bool:
        """Whether more of the headline metric is better."""
        return self.record.get("directions", {}).get(self.metric) == "max"

    @property
    def diverged(self) -> bool:
        """Whether the loss left the numbers."""
        return self.record["status"] == "diverged"

    @property
    def solved(self) -> bool | None:
        """Whether the published criterion was met; None: the task has none."""
        rule = self.record.get("solved")
        return bool(rule["met"]) if rule else None

    def score(self, split: str = "test") -> float:
        """The headline metric; NaN if the run diverged before it had one."""
        return number(self.record.get("metrics", {}).get(split, {}).get(self.metric))

    @property
    def floor(self) -> float:
        """What an answer that ignores the past would score; NaN if nobody knows."""
        return self.floors[0][0] if self.floors else float("nan")

    @property
    def floors(self) -> list[tuple[float, str]]:
        """Answers that ignore the past, the floor first: their score and what they are."""
        listed = self.simple_answers("floors")
        return listed if "baselines" in self.record else listed[:1]

    @property
    def baselines(self) -> list[tuple[float, str]]:
        """Other simple answers, which may use the past: their score and what they are.

        A record from before `baselines` was a field lists them after the floor, in `floors`.
        """
        if "baselines" in self.record:
            return self.simple_answers("baselines")
        return self.simple_answers("floors")[1:]

    def simple_answers(self, key: str) -> list[tuple[float, str]]:
        """The entries of a list of the record that are of the headline metric."""
        listed = self.record.get(key) or ()
        return [(number(f["value"]), f["why"]) for f in listed if f["metric"] == self.metric]

    @property
    def baseline(self) -> float:
        """The best of the baselines if it beats the floor, else NaN."""
        values = [value for value, _ in self.baselines]
        best = (max if self.rises else min)(values, default=float("nan"))
        beats = best > self.floor if self.rises else best < self.floor
        return best if beats or np.isnan(self.floor) else float("nan")

    @property
    def skill(self) -> float:
        """1 for a perfect answer; 0 at the floor, below it, and for a run that diverged.

        1 - score/floor where less is better, (score - floor)/(1 - floor) where more is.
        """
        score, floor = self.score(), self.floor
        if self.diverged or np.isnan(score):
            return 0.0
        skill = (score - floor) / (1 - floor) if self.rises else 1 - score / floor
        return skill if np.isnan(skill) else max(0.0, skill)

    @property
    def goodness(self) -> float:
        """The score, turned so that more is better; the worst there is for a run that diverged."""
        score = self.score()
        if self.diverged or np.isnan(score):
            return float("-inf")
        return score if self.rises else -score

    @property
    def seconds(self) -> float:
        """Wall time of the run, all parts."""
        return sum(number(s) for s in self.record.get("seconds", {}).values())

    @cached_property
    def curve(self) -> dict[tuple[str, str], np.ndarray]:
        """(split, metric) -> rows of (step, sequences, value)."""
        rows: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
        path = self.folder / "curve.csv"
        if path.exists():
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    point = tuple(number(row[key]) for key in ("step", "sequences", "value"))
                    rows[row["split"], row["metric"]].append(point)  # pyright: ignore[reportArgumentType]
        return {key: np.array(points) for key, points in rows.items()}

    @cached_property
    def probe(self) -> dict[str, np.ndarray]:
        """The arrays of the gradient probe by their names in the file; empty if there is none."""
        return arrays(self.folder / "probe.npz")

    @cached_property
    def laboratory(self) -> dict[str, np.ndarray]:
        """The arrays of the examination, `longlag probe`, by name; empty if there was none."""
        return arrays(self.folder / "laboratory.npz")


@dataclass(frozen=True)
class Study:
    """Everything a study's folder says."""

    folder: Path
    runs: tuple[Run, ...]
    plan: Json = field(default_factory=dict)
    skipped: tuple[str, ...] = ()  # a line for each record that could not be read

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def by_id(self) -> dict[str, Run]:
        """The runs by their id."""
        return {run.id: run for run in self.runs}

    @cached_property
    def final(self) -> tuple[Run, ...]:
        """The runs that count: those of the stage `final`; every run if there is no plan."""
        stages = [s for s in self.plan.get("stages", ()) if s.get("name") == "final"]
        if not stages:
            return self.runs
        ids = {id for stage in stages for id in stage["ids"]}
        return tuple(run for run in self.runs if run.id in ids)

    @property
    def failed(self) -> list[Json]:
        """The points that crashed and have not succeeded since: id, error, command."""
        found = {entry["id"]: entry for entry in self.plan.get("failed", ())}
        for path in sorted(self.folder.glob("failed/*.json")):
            with contextlib.suppress(ValueError, OSError):
                found.setdefault(path.stem, read_json(path))
        return [entry for key, entry in found.items() if key not in self.by_id]


def arrays(path: Path) -> dict[str, np.ndarray]:
    """What a file holds, by name; empty if there is no file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def number(value: Any) -> float:
    """A float of whatever a record holds there; NaN for null and for words that are no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def read_json(path: Path) -> Json:
    """The object in a file.

    Raises:
        ValueError: no object in it, in one line.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not whole JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"holds a {type(found).__name__}, not an object")
    return found


def read_run(folder: Path) -> Run:
    """The run of a folder.

    Raises:
        ValueError: its record is cut off or not one of ours, in one line.
    """
    record = read_json(folder / "record.json")
    if record.get("schema") != SCHEMA:
        raise ValueError(f"schema {record.get('schema')!r}, this version reads {SCHEMA}")
    missing = [key for key in NEEDED if key not in record]
    missing += [f"names.{key}" for key in ("cell", "task") if key not in record.get("names", {})]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    return Run(folder, record)


def read_study(folder: Path) -> Study:
    """Every record below `folder`; one that cannot be read is skipped with a warning line.

    Raises:
        LonglagError: no such folder, or not a single record in it.
    """
    if not folder.is_dir():
        raise LonglagError(f"no folder {folder}: run `longlag bench study={folder.name}` first")
    runs, skipped = [], []
    for path in sorted(folder.glob("*/record.json")):
        try:
            runs.append(read_run(path.parent))
        except (ValueError, OSError) as error:
            skipped.append(f"{path.parent.name}/record.json skipped: {error}")
            log.warning("%s: %s; remove the folder and run the study again", folder, skipped[-1])
    plan: Json = {}
    if (folder / "plan.json").exists():
        try:
            plan = read_json(folder / "plan.json")
        except (ValueError, OSError) as error:
            skipped.append(f"plan.json skipped: {error}")
            log.warning("%s: %s; every record counts as final", folder, skipped[-1])
    study = Study(folder, tuple(runs), plan, tuple(skipped))
    if not study.final:
        raise LonglagError(
            f"no finished run in {folder}: run `longlag bench study={folder.name}` first"
        )
    return study
