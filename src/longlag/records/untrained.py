"""What the models of a study are like before training: untrained.json beside its records."""

import logging
from dataclasses import asdict, field, replace
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from longlag.records.atomic import write_json
from longlag.records.record import Json, in_one_line

NAME = "untrained.json"
log = logging.getLogger("longlag")
Seeds = list[float | None]  # a number of each seed; None: there is none, or it is not finite


@dataclass(frozen=True)
class Start:
    """One cell on one task before training.

    Args:
        cell: of conf/cell.
        task: of conf/task.
        length: T; None where the data decides.
        parameters: of the model.
        state: numbers that the model carries from step to step; 0 without a recurrence.
        decay: of the gradient along the best part of the state, nats per step.
        exponent: the largest Lyapunov exponent, nats per step.
        forgetting: 1 / tau, tau the time scale of the gate of the unit in the middle.
        profile: of (lag, common logarithm of the share of the gradient that is left).
    """

    cell: str
    task: str
    length: int | None
    parameters: int
    state: int
    decay: Seeds
    exponent: Seeds
    forgetting: Seeds
    profile: list[tuple[int, float | None]]

    def median(self, name: str) -> float:
        """Take the median over seeds of `decay`, `exponent` or `forgetting`; NaN: none is known."""
        known = [value for value in getattr(self, name) if value is not None]
        return float(np.median(known)) if known else float("nan")


@dataclass(frozen=True)
class Untrained:
    """A whole file.

    Args:
        starts: a cell on a task each.
        step_us: CPU microseconds of a training step, by cell.
        step_settings: the settings that these were measured with.
        origin: versions, git, machine and date.
    """

    starts: list[Start] = field(default_factory=list)
    step_us: dict[str, float] = field(default_factory=dict)
    step_settings: list[str] = field(default_factory=list)
    origin: Json = field(default_factory=dict)

    def of(self, cell: str, task: str) -> Start | None:
        """Return what is known of a cell on a task."""
        return next((s for s in self.starts if (s.cell, s.task) == (cell, task)), None)

    def having(self, start: Start) -> "Untrained":
        """Return the same with one more, in place of what was known of that cell on that task."""
        rest = [s for s in self.starts if (s.cell, s.task) != (start.cell, start.task)]
        return replace(self, starts=[*rest, start])


def read_untrained(study: Path) -> Untrained:
    """Read untrained.json of a study; empty if there is none, and with a warning if damaged."""
    path = study / NAME
    if not path.exists():
        return Untrained()
    try:
        return TypeAdapter(Untrained).validate_json(path.read_bytes())
    except (ValueError, OSError) as error:
        reason = in_one_line(error) if isinstance(error, ValidationError) else error
        log.warning("%s is damaged and counts as missing (%s)", path, reason)
        return Untrained()


def write_untrained(study: Path, found: Untrained) -> None:
    """Write it, as a whole or not at all."""
    write_json(study / NAME, asdict(found))
