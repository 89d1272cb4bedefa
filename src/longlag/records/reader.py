"""A study's folder as plain dataclasses: what is whole is read, the rest is named and skipped."""

import functools
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from longlag.errors import LonglagError
from longlag.records.headers import model_mismatch
from longlag.records.pack import RECORDS, DamagedPack, Pack, open_pack
from longlag.records.record import Answer, Record, read_record
from longlag.records.side_files import READERS, Arrays, CurvePoint, digest

Json = dict[str, Any]
log = logging.getLogger("longlag")


@dataclass(frozen=True)
class Run:
    """One finished run: its record, and the files beside it, which are read when asked for.

    A file that is cut off, foreign or another run's counts as missing, and `broken` names it.
    """

    folder: Path
    record: Record
    pack: Pack | None = field(default=None, repr=False, compare=False)  # where it may lie as well
    found: Json = field(default_factory=dict, repr=False, compare=False)  # the files read so far
    troubles: Json = field(default_factory=dict, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Cell, task and the hash of the configuration."""
        return self.record.id

    @property
    def cell(self) -> str:
        """The name of the cell's configuration."""
        return str(self.record.names["cell"])

    @property
    def mismatch(self) -> str | None:
        """How its model differs from the one its cell was published in; None where it does not."""
        model = str(self.record.names.get("model", ""))
        return model_mismatch(self.cell, model, self.record.model.layers) if model else None

    @property
    def task(self) -> str:
        """The name of the task's configuration."""
        return str(self.record.names["task"])

    @property
    def length(self) -> int | None:
        """T as configured; None where the data decides."""
        return self.record.task.length

    @property
    def lag(self) -> int | None:
        """Steps that the task must bridge; None where the task does not say."""
        return self.record.task.lag or None

    @property
    def seed(self) -> int:
        """What the initial weights and the data were drawn from."""
        return self.record.seed

    @property
    def data_seed(self) -> int:
        """The seed of the data alone."""
        return self.record.seeds.get("data", self.seed)

    @property
    def command(self) -> str:
        """The command line that repeats the run."""
        return self.record.command

    @property
    def config(self) -> Json:
        """Every value that the numbers depend on, nested as in conf/."""
        return self.record.config

    def setting(self, name: str) -> Any:
        """The value of a dotted key of the configuration; None if there is no such key."""
        value: Any = self.record.config
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    @property
    def rate(self) -> float:
        """The learning rate; NaN if the optimiser has none."""
        return number(self.setting("optim.lr"))

    @property
    def metric(self) -> str:
        """The headline metric."""
        return self.record.score

    @property
    def rises(self) -> bool:
        """Whether more of the headline metric is better."""
        return self.higher_is_better(self.metric)

    def higher_is_better(self, metric: str) -> bool:
        """Whether more of a metric is better."""
        return self.record.directions.get(metric) == "max"

    @property
    def status(self) -> str:
        """How the training ended: finished, solved, stopped or diverged."""
        return self.record.status

    @property
    def diverged(self) -> bool:
        """Whether the loss left the numbers."""
        return self.record.status == "diverged"

    @property
    def solved(self) -> bool | None:
        """Whether the criterion was met; None: the task has none."""
        rule = self.record.solved
        return None if rule is None else rule.met

    def score(self, split: str = "test") -> float:
        """The headline metric; NaN if the run diverged before it had one."""
        return getattr(self.record.metrics, split).get(self.metric, float("nan"))

    @property
    def floor(self) -> float:
        """What an answer that ignores the past would score; NaN if nobody knows."""
        return self.floors[0][0] if self.floors else float("nan")

    @property
    def measured_floor(self) -> float:
        """What the floor's answer scored on the run's test sequences; NaN if unmeasured."""
        kept = [a.measured for a in self.record.floors if a.metric == self.metric][:1]
        return next((value for value in kept if value is not None), float("nan"))

    @property
    def floors(self) -> list[tuple[float, str]]:
        """Answers that ignore the past, the floor first: their score and what they are."""
        return self.simple_answers(self.record.floors)

    @property
    def baselines(self) -> list[tuple[float, str]]:
        """Other simple answers, which may use the past: their score and what they are."""
        return self.simple_answers(self.record.baselines)

    def simple_answers(self, answers: tuple[Answer, ...]) -> list[tuple[float, str]]:
        """The answers that are of the headline metric."""
        return [(answer.value, answer.why) for answer in answers if answer.metric == self.metric]

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
    def ways(self) -> int:
        """Cells of a layer: 2 where the model reads both ways, else 1."""
        return self.record.model.ways

    @property
    def first_cells(self) -> int:
        """Cells that the input meets: those of the first layer or, of blocks with skips, all."""
        blocks = (self.record.config.get("model") or {}).get("block")
        return self.record.model.cells if blocks else self.ways

    @property
    def parameters(self) -> int:
        """How many the model has."""
        return self.record.model.parameters

    @property
    def seconds(self) -> float:
        """Wall time of the run, all parts."""
        return sum(self.record.seconds.values())

    @cached_property
    def curve(self) -> dict[tuple[str, str], np.ndarray]:
        """(split, metric) -> rows of (step, sequences, value); empty if there is no whole file."""
        rows: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
        points: list[CurvePoint] = self.side_file("curve.csv") or []
        for step, sequences, split, metric, value in points:
            rows[split, metric].append((step, sequences, value))
        return {key: np.array(found, float) for key, found in rows.items()}

    @cached_property
    def probe(self) -> Arrays:
        """The arrays of the gradient probe by name; empty if there is no whole file."""
        return self.side_file("probe.npz") or {}

    @cached_property
    def laboratory(self) -> Arrays:
        """The arrays of the examination, `longlag probe`, by name; empty if there is none."""
        return self.side_file("laboratory.npz") or {}

    @cached_property
    def extrapolation(self) -> Json:
        """What `longlag extrapolate` measured; empty if it was not asked."""
        return self.side_file("extrapolation.json") or {}

    @property
    def broken(self) -> tuple[str, ...]:
        """A line for each file beside the record that is missing or cannot be read."""
        for name in READERS:
            self.side_file(name)
        return tuple(self.troubles.values())

    def side_file(self, name: str) -> Any:
        """The content of a file beside the record, read once; None if there is no whole one."""
        if name in self.found:
            return self.found[name]
        self.found[name], sealed, problem = None, self.record.files.get(name), ""
        for source in (self.from_folder, self.from_pack):
            try:
                content = source(name)
                if sealed is not None and digest(content) != sealed:
                    raise ValueError("it is not the file that was recorded")
                self.found[name] = content
                return content
            except FileNotFoundError:
                continue
            except DamagedPack as error:
                problem = problem or f"{error}, so what it holds counts as missing"
            except (ValueError, OSError) as error:
                problem = problem or f"{self.id}/{name} counts as missing: {error}"
        if not problem and sealed is not None:
            problem = f"{self.id}/{name} counts as missing: it is gone"
        if problem:
            self.troubles[name] = problem.splitlines()[0]
            warn(f"{self.folder.parent}: {self.troubles[name]}")
        return None

    def from_folder(self, name: str) -> Any:
        """Read a file of the run's own folder."""
        return READERS[name]((self.folder / name).read_bytes())

    def from_pack(self, name: str) -> Any:
        """Read the run's part of a file of the pack."""
        if self.pack is None:
            raise FileNotFoundError(name)
        return self.pack.content(self.id, name)


@functools.cache
def warn(line: str) -> None:
    """Say it once a process."""
    log.warning("%s", line)


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
    def broken(self) -> tuple[str, ...]:
        """A line for each file beside a record that is missing or cannot be read."""
        return tuple(dict.fromkeys(line for run in self.runs for line in run.broken))

    @property
    def failed(self) -> list[Json]:
        """The points that crashed and have not succeeded since: id, error, command."""
        found = {entry["id"]: entry for entry in self.plan.get("failed", ())}
        for path in sorted(self.folder.glob("failed/*.json")):
            try:
                found.setdefault(path.stem, read_json(path))
            except (ValueError, OSError):
                continue
        return [entry for key, entry in found.items() if key not in self.by_id]


def number(value: Any) -> float:
    """A float of whatever a record holds there; NaN for null and for words that are no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def read_json(path: Path) -> Json:
    """The object in a file.

    Raises:
        OSError: there is no such file.
        ValueError: no object in it, in one line.
    """
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no whole JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"holds a {type(found).__name__}, not an object")
    return found


def read_run(folder: Path) -> Run:
    """The run of a folder, or of that name in the pack of its study.

    Raises:
        OSError: there is no record.
        ValueError: its record is cut off, another run's or not one of ours, in one line.
    """
    pack = open_pack(folder.parent)
    try:
        record = read_record(folder / "record.json")
    except (FileNotFoundError, NotADirectoryError):
        if folder.name not in pack.records:
            raise
        record = pack.records[folder.name]
    if record.id != folder.name:
        raise ValueError(f"is the record of another run, {record.id}")
    return Run(folder, record, pack)


def read_runs(folder: Path) -> tuple[list[Run], list[str]]:
    """Every run of a study, packed or in a folder, and a line for each that cannot be read."""
    pack = open_pack(folder)
    runs = {run_id: Run(folder / run_id, record, pack) for run_id, record in pack.records.items()}
    skipped = list(pack.skipped)
    for path in sorted(folder.glob("*/record.json")):
        try:
            runs[path.parent.name] = read_run(path.parent)
        except (ValueError, OSError) as error:
            skipped.append(f"{path.parent.name}/record.json skipped: {error}")
    return [runs[run_id] for run_id in sorted(runs)], skipped


def holds_records(folder: Path) -> bool:
    """Whether a folder is that of a study: it has records, packed or not."""
    return (folder / RECORDS).is_file() or any(folder.glob("*/record.json"))


def read_study(folder: Path) -> Study:
    """Every record below `folder`; one that cannot be read is skipped with a warning line.

    Raises:
        LonglagError: no such folder, or not a single record in it.
    """
    if not folder.is_dir():
        raise LonglagError(f"no folder {folder}: run `longlag bench study={folder.name}` first")
    runs, skipped = read_runs(folder)
    for line in skipped:
        log.warning("%s: %s; run the study again to make it anew", folder, line)
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
