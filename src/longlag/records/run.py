"""One run as the commands and the report see it: what its record means, and the files beside it."""

import functools
import logging
import shlex
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from longlag.records.headers import model_mismatch
from longlag.records.pack import DamagedPack, Pack
from longlag.records.record import Answer, Json, Record
from longlag.records.side_files import READERS, Arrays, CurvePoint, digest

NAN = float("nan")
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

    # What was run.

    @property
    def id(self) -> str:
        """Return the cell, the task and the hash of the configuration."""
        return self.record.id

    @property
    def cell(self) -> str:
        """Name the cell's configuration."""
        return str(self.record.names["cell"])

    @property
    def task(self) -> str:
        """Name the task's configuration."""
        return str(self.record.names["task"])

    @property
    def length(self) -> int | None:
        """Return T as configured; None where the data decides."""
        return self.record.task.length

    @property
    def lag(self) -> int | None:
        """Count the steps that the task must bridge; None where the task does not say."""
        return self.record.task.lag or None

    @property
    def seed(self) -> int:
        """Return what the initial weights and the data were drawn from."""
        return self.record.seed

    @property
    def data_seed(self) -> int:
        """Return the seed of the data alone."""
        return self.record.seeds.get("data", self.seed)

    @property
    def command(self) -> str:
        """Return the command line that repeats the run; a shell sees no other command in it."""
        try:
            words = shlex.split(self.record.command)
        except ValueError:  # a quote without its like
            return ""
        return shlex.join(words) if words[:1] == ["longlag"] else ""

    @property
    def config(self) -> Json:
        """Return every value that the numbers depend on, nested as in conf/."""
        return self.record.config

    def setting(self, name: str) -> Any:
        """Look up a dotted key of the configuration; None if there is no such key."""
        value: Any = self.config
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    @property
    def rate(self) -> float:
        """Return the learning rate; NaN if the optimiser has none."""
        return number(self.setting("optim.lr"))

    @property
    def parameters(self) -> int:
        """Count the parameters of the model."""
        return self.record.model.parameters

    @property
    def ways(self) -> int:
        """Count the cells of a layer: 2 where the model reads both ways, else 1."""
        return self.record.model.ways

    @property
    def first_cells(self) -> int:
        """Count the cells that the input meets: all of them where blocks have skips around."""
        return self.record.model.cells if self.setting("model.block") else self.ways

    @property
    def mismatch(self) -> str | None:
        """Say how its model differs from the one its cell was published in; None: it does not."""
        model = str(self.record.names.get("model", ""))
        return model_mismatch(self.cell, model, self.record.model.layers) if model else None

    # What it achieved.

    @property
    def metric(self) -> str:
        """Name the headline metric."""
        return self.record.score

    @property
    def rises(self) -> bool:
        """Tell whether more of the headline metric is better."""
        return self.higher_is_better(self.metric)

    def higher_is_better(self, metric: str) -> bool:
        """Tell whether more of a metric is better."""
        return self.record.directions.get(metric) == "max"

    @property
    def status(self) -> str:
        """Say how the training ended: finished, solved, stopped or diverged."""
        return self.record.status

    @property
    def diverged(self) -> bool:
        """Tell whether the loss left the numbers."""
        return self.status == "diverged"

    @property
    def solved(self) -> bool | None:
        """Tell whether the criterion was met; None: the task has none."""
        rule = self.record.solved
        return None if rule is None else rule.met

    def score(self, split: str = "test") -> float:
        """Return the headline metric; NaN if the run diverged before it had one."""
        return getattr(self.record.metrics, split).get(self.metric, NAN)

    @property
    def floors(self) -> list[Answer]:
        """List the answers that ignore the past, the floor first."""
        return [answer for answer in self.record.floors if answer.metric == self.metric]

    @property
    def baselines(self) -> list[Answer]:
        """List the other simple answers, which may use the past."""
        return [answer for answer in self.record.baselines if answer.metric == self.metric]

    @property
    def floor(self) -> float:
        """Return what an answer that ignores the past would score; NaN if nobody knows."""
        return self.floors[0].value if self.floors else NAN

    @property
    def measured_floor(self) -> float:
        """Return what the floor's answer scored on this run's test sequences; NaN: unmeasured."""
        return number(self.floors[0].measured) if self.floors else NAN

    @property
    def baseline(self) -> float:
        """Return the best of the baselines if it beats the floor, else NaN."""
        values = [answer.value for answer in self.baselines]
        best = (max if self.rises else min)(values, default=NAN)
        beats = best > self.floor if self.rises else best < self.floor
        return best if beats or np.isnan(self.floor) else NAN

    @property
    def skill(self) -> float:
        """Scale the score: 1 perfect; 0 at the floor, below it, and for a run that diverged.

        1 - score/floor where less is better, (score - floor)/(1 - floor) where more is.
        """
        score, floor = self.score(), self.floor
        if self.diverged or np.isnan(score):
            return 0.0
        skill = (score - floor) / (1 - floor) if self.rises else 1 - score / floor
        return skill if np.isnan(skill) else max(0.0, skill)

    @property
    def goodness(self) -> float:
        """Turn the score so that more is better; the worst there is for a run that diverged."""
        score = self.score()
        if self.diverged or np.isnan(score):
            return float("-inf")
        return score if self.rises else -score

    @property
    def seconds(self) -> float:
        """Add up the wall time of all parts of the run."""
        return sum(self.record.seconds.values())

    # The files beside the record.

    @cached_property
    def curve(self) -> dict[tuple[str, str], np.ndarray]:
        """Give (split, metric) -> rows of (step, sequences, value); empty without a whole file."""
        rows: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
        points: list[CurvePoint] = self.side_file("curve.csv") or []
        for step, sequences, split, metric, value in points:
            rows[split, metric].append((step, sequences, value))
        return {key: np.array(found, float) for key, found in rows.items()}

    @property
    def probe(self) -> Arrays:
        """Give the arrays of the gradient probe by name; empty if there is no whole file."""
        return self.side_file("probe.npz") or {}

    @property
    def laboratory(self) -> Arrays:
        """Give the arrays of the examination, `longlag probe`, by name; empty if there is none."""
        return self.side_file("laboratory.npz") or {}

    @property
    def extrapolation(self) -> Json:
        """Give what `longlag extrapolate` measured; empty if it was not asked."""
        return self.side_file("extrapolation.json") or {}

    @property
    def broken(self) -> tuple[str, ...]:
        """Give a line for each file beside the record that is missing or cannot be read."""
        for name in READERS:
            self.side_file(name)
        return tuple(self.troubles.values())

    def side_file(self, name: str) -> Any:
        """Return what a file beside the record holds, read once; None if there is no whole one."""
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
    """Say a line once a process."""
    log.warning("%s", line)


def number(value: Any) -> float:
    """Read a float of whatever a record holds; NaN for null and for words that are no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return NAN
