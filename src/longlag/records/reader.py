"""A study's folder, read: what is whole becomes runs, the rest is named and skipped."""

import json
import logging
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from longlag.errors import LonglagError
from longlag.records.pack import RECORDS, open_pack
from longlag.records.plain_text import harmless
from longlag.records.record import Json, read_record
from longlag.records.run import Run

log = logging.getLogger("longlag")


@dataclass(frozen=True)
class Study:
    """Everything a study's folder says."""

    folder: Path
    runs: tuple[Run, ...]
    plan: Json = field(default_factory=dict)
    skipped: tuple[str, ...] = ()  # a line for each record that could not be read

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self.folder.name

    @cached_property
    def by_id(self) -> dict[str, Run]:
        """Look up runs by their id."""
        return {run.id: run for run in self.runs}

    @cached_property
    def final(self) -> tuple[Run, ...]:
        """Return the runs that count: of the stage `final`; every run if there is no plan."""
        stages = [s for s in self.plan.get("stages", ()) if s.get("name") == "final"]
        if not stages:
            return self.runs
        ids = {id for stage in stages for id in stage["ids"]}
        return tuple(run for run in self.runs if run.id in ids)

    @cached_property
    def ladders(self) -> dict[tuple[str, str], Json]:
        """Return what the plan says of each ladder that is climbed, by cell and task."""
        return {(entry["cell"], entry["task"]): entry for entry in self.plan.get("ladders", ())}

    @property
    def broken(self) -> tuple[str, ...]:
        """Give a line for each file beside a record that is missing or cannot be read."""
        return tuple(dict.fromkeys(line for run in self.runs for line in run.broken))

    @property
    def failed(self) -> list[Json]:
        """List the points that crashed and have not succeeded since: id, error, command."""
        planned = {entry["id"]: entry for entry in self.plan.get("failed", ())}
        found = planned | failures(self.folder)
        return [entry for run_id, entry in found.items() if run_id not in self.by_id]


def failures(folder: Path) -> dict[str, Json]:
    """Read failed/<run id>.json of a study: what failed and has not succeeded since, by run id."""
    found = {}
    for path in sorted(folder.glob("failed/*.json")):
        try:
            found[path.stem] = {"command": "", "error": "", **read_json(path), "id": path.stem}
        except (OSError, ValueError):
            continue
    return found


def read_json(path: Path) -> Json:
    """Read the object in a file.

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
    return harmless(found)


def read_run(folder: Path) -> Run:
    """Read the run of a folder, or of that name in the pack of its study.

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
    """Read every run of a study, packed or in a folder; and a line for each that cannot be read."""
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
    """Tell whether a folder is that of a study: it has records, packed or not."""
    return (folder / RECORDS).is_file() or any(folder.glob("*/record.json"))


def read_study(folder: Path) -> Study:
    """Read every record below `folder`; one that cannot be read is skipped with a warning line.

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
