"""The records of a study: a run's folder exists if and only if its record is whole."""

import csv
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
            if not alive(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)

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
        failed = self.folder / "failed" / f"{record['id']}.json"
        failed.unlink(missing_ok=True)
        return self.folder / record["id"]

    def fail(self, run_id: str, command: str, error: str, trace: str) -> None:
        """Remember a failure: failed/<run id>.json, until the run succeeds."""
        path = self.folder / "failed" / f"{run_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"id": run_id, "command": command, "error": error, "traceback": trace})

    def failures(self) -> dict[str, dict[str, str]]:
        """What failed and has not succeeded since, by run id."""
        found = (json.loads(p.read_text()) for p in sorted(self.folder.glob("failed/*.json")))
        return {failure["id"]: failure for failure in found}

    @contextmanager
    def _into_place(self, run_id: str) -> Iterator[Path]:
        target, folder = self.folder / run_id, self.partial / f"{run_id}-{os.getpid()}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            yield folder
            if target.exists():  # of a run whose record is not whole
                os.rename(target, self.partial / f"{run_id}-old-{os.getpid()}")
                shutil.rmtree(self.partial / f"{run_id}-old-{os.getpid()}", ignore_errors=True)
            os.rename(folder, target)
        except OSError as error:
            raise LonglagError(
                f"cannot write the record of {run_id} to {self.folder}: {error.strerror or error}"
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def whole(path: Path) -> dict[str, Any] | None:
    """The record in a file; None, with a warning, where it is truncated or foreign."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        log.warning("%s is truncated or no JSON: it counts as not run and will be run again", path)
        return None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        log.warning("%s is not a longlag record (schema %d): it is run again", path, SCHEMA)
        return None
    if record.get("id") != path.parent.name:
        log.warning("%s is the record of another run: it is run again", path)
        return None
    return record


def write_json(path: Path, content: Any) -> None:
    """Write a file as a whole or not at all."""
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    partial.write_text(json.dumps(content, indent=1, default=float) + "\n")
    os.replace(partial, path)


def alive(pid: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
