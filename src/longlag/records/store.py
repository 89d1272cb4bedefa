"""The records of a study: a run's folder exists if and only if its record is whole."""

import csv
import functools
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from longlag.errors import LonglagError

log = logging.getLogger(__name__)

SCHEMA = 1


class Store:
    """results/<study>/<run id>/: written beside its place, then renamed into it.

    Args:
        root: the folder of all studies.
        study: the name of this one.
    """

    def __init__(self, root: Path, study: str) -> None:
        self.root, self.folder = Path(root), Path(root) / study
        self.partial = self.folder / ".partial"

    def prepare(self) -> None:
        """Make the folder, and clear what dead processes left half-written.

        Raises:
            LonglagError: it cannot be written.
        """
        try:
            self.partial.mkdir(parents=True, exist_ok=True)
            probe = self.partial / f"writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise LonglagError(
                f"cannot write to {self.folder}: {error.strerror}; choose another folder with "
                "results=DIR"
            ) from None
        for left in self.partial.iterdir():
            pid = left.name.rpartition("-")[2]
            if pid.isdecimal() and not alive(int(pid)):
                remove(left)

    def has(self, run_id: str) -> bool:
        """Whether the run is recorded here, or in another study: then it is copied here."""
        if self.read(run_id) is not None:
            return True
        for other in sorted(self.root.glob(f"*/{run_id}/record.json")):
            if other.parent.parent != self.folder and whole(other) is not None:
                with self._into_place(run_id) as folder:
                    shutil.copytree(other.parent, folder, dirs_exist_ok=True)
                return True
        return False

    def read(self, run_id: str) -> dict[str, Any] | None:
        """The record of a run, or None."""
        path = self.folder / run_id / "record.json"
        return whole(path) if path.exists() else None

    def save(
        self,
        record: Mapping[str, Any],
        curve: Sequence[Mapping[str, Any]],
        arrays: Mapping[str, Any],
        weights: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write a run as a whole or not at all; the record last.

        Raises:
            LonglagError: the folder cannot be written.
        """
        with self._into_place(record["id"]) as folder:
            with (folder / "curve.csv").open("w", newline="") as file:
                table = csv.DictWriter(file, ["step", "sequences", "split", "metric", "value"])
                table.writeheader()
                table.writerows(curve)
            if arrays:
                np.savez_compressed(folder / "probe.npz", allow_pickle=False, **arrays)
            if weights:
                import torch

                torch.save(dict(weights), folder / "weights.pt")
            with (folder / "record.json").open("w") as file:
                json.dump(record, file, indent=1, default=float)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
        self.forget(record["id"])
        return self.folder / record["id"]

    def fail(self, run_id: str, command: str, error: str, trace: str) -> None:
        """Remember a failure: failed/<run id>.json, until the run succeeds."""
        path = self.folder / "failed" / f"{run_id}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, {"id": run_id, "command": command, "error": error, "traceback": trace})
        except OSError as reason:
            raise LonglagError(f"{error}; and it cannot be noted in {path}: {reason}") from reason

    def failures(self) -> dict[str, dict[str, str]]:
        """What failed and has not succeeded since, by run id."""
        found = (json.loads(p.read_text()) for p in sorted(self.folder.glob("failed/*.json")))
        return {failure["id"]: failure for failure in found}

    def has_failed(self, run_id: str) -> bool:
        """Whether the run failed and has not succeeded since."""
        return (self.folder / "failed" / f"{run_id}.json").exists()

    def forget(self, run_id: str) -> None:
        """Drop a failure, for the run is tried again."""
        (self.folder / "failed" / f"{run_id}.json").unlink(missing_ok=True)

    @contextmanager
    def running(self, run_id: str) -> Iterator[None]:
        """Leave a mark while a run is under way, which stays if its process is killed."""
        mark = self.partial / f"{run_id}.running-{os.getpid()}"
        self.partial.mkdir(parents=True, exist_ok=True)
        mark.touch()
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def begun(self) -> set[str]:
        """The runs under way, and those whose process was killed; the marks are taken away."""
        marks = list(self.partial.glob("*.running-*"))
        for mark in marks:
            mark.unlink(missing_ok=True)
        return {mark.name.rpartition(".running-")[0] for mark in marks}

    def put_aside(self, target: Path) -> None:
        """Move a folder that is not a whole record to damaged/: nothing is deleted unseen."""
        kept = self.folder / "damaged" / target.name
        count = sum(1 for _ in kept.parent.glob(f"{target.name}*"))
        kept = kept.with_name(f"{target.name}-{count}") if count else kept
        kept.parent.mkdir(exist_ok=True)
        os.rename(target, kept)

    @contextmanager
    def _into_place(self, run_id: str) -> Iterator[Path]:
        target, folder = self.folder / run_id, self.partial / f"{run_id}-{os.getpid()}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            yield folder
            if target.exists() and self.read(run_id) is None:
                self.put_aside(target)
            elif target.exists():  # written meanwhile by another sweep: the same run
                return
            os.rename(folder, target)
        except OSError as error:
            raise LonglagError(
                f"cannot write the record of {run_id} to {self.folder}: {error.strerror or error}"
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def warn(problem: str) -> None:
    """Say it once a process."""
    log.warning("%s; it counts as not run, and is kept in damaged/ once it is run again", problem)


def whole(path: Path) -> dict[str, Any] | None:
    """The record in a file; None, with a warning, where it is truncated or foreign."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        warn(f"{path} is truncated or no JSON")
        return None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        warn(f"{path} is not a longlag record (schema {SCHEMA})")
        return None
    if record.get("id") != path.parent.name:
        warn(f"{path} is the record of another run")
        return None
    return record


def as_json(content: Any) -> str:
    """The text that `write_json` writes."""
    return json.dumps(content, indent=1, default=float) + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write a file as a whole or not at all."""
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    partial.write_text(as_json(content))
    os.replace(partial, path)


def remove(path: Path) -> None:
    """Delete a file or a folder, as far as it can be."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Whether a process of this number runs; one that ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # no such file system here
        return True
    return status.rpartition(")")[2].split()[0] != "Z"
