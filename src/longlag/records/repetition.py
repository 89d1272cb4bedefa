"""Two records of one run, metric by metric: identical, within tolerance, or different."""

import math
from typing import NamedTuple

from longlag.records.record import Record

IDENTICAL, CLOSE, DIFFERENT = "identical", "within tolerance", "different"
TOLERANCE = 0.01  # of the larger of two numbers


class Pair(NamedTuple):
    """One number of a run, as it was recorded and as it came again."""

    metric: str
    recorded: float
    again: float
    verdict: str


def compare_records(old: Record, new: Record, tolerance: float = TOLERANCE) -> list[Pair]:
    """Hold every metric of two records against each other, and when the task was solved.

    Args:
        old: as it was recorded.
        new: of the same configuration.
        tolerance: how far two numbers may differ, as a share of the larger one.
    """
    pairs = []
    for split in ("validation", "test"):
        a, b = getattr(old.metrics, split), getattr(new.metrics, split)
        for name in sorted(a.keys() | b.keys()):
            x, y = a.get(name, math.nan), b.get(name, math.nan)
            pairs.append(Pair(f"{split} {name}", x, y, verdict(x, y, tolerance)))
    if old.solved or new.solved:
        x, y = solved_at(old), solved_at(new)
        pairs.append(Pair("solved at step", x, y, verdict(x, y, tolerance)))
    return pairs


def solved_at(record: Record) -> float:
    """Give the step at which the task was solved; NaN if it never was."""
    return float(record.solved.step or math.nan) if record.solved else math.nan


def verdict(a: float, b: float, tolerance: float) -> str:
    """Tell how near two numbers are; two NaN are the same."""
    if a == b or (math.isnan(a) and math.isnan(b)):
        return IDENTICAL
    return CLOSE if abs(a - b) <= tolerance * max(abs(a), abs(b)) else DIFFERENT


def worst(pairs: list[Pair]) -> str:
    """Give the verdict on a whole run: that of its worst metric."""
    ranks = (IDENTICAL, CLOSE, DIFFERENT)
    return max((pair.verdict for pair in pairs), key=ranks.index, default=IDENTICAL)


def origin(record: Record) -> str:
    """Say what computed a record: versions, commit, backends and machine."""
    versions = {key: record.versions.get(key) for key in ("longlag", "torch", "python")}
    named = [f"{key} {value}" for key, value in versions.items() if value]
    commit = [f"commit {record.git.commit[:10]}"] if record.git.commit else []
    backends = [f"backend {', '.join(dict.fromkeys(record.model.backends))}"]
    machine = [str(part) for part in (record.machine.cpu, record.machine.isa) if part]
    return ", ".join([*named, *commit, *backends, *machine])
