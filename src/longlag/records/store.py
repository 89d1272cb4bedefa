"""The records of a study: a run's folder exists if and only if its record is whole."""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from longlag.errors import LonglagError
from longlag.records.atomic import flush, write_json
from longlag.records.discretion import discreet
from longlag.records.packing import write_run
from longlag.records.presence import is_gone, signature
from longlag.records.reader import failures, read_run
from longlag.records.record import Json, Record, as_text
from longlag.records.run import Run, warn
from longlag.records.side_files import CurvePoint, curve_text, digest

log = logging.getLogger(__name__)

ATTEMPTS = 10  # at the same place, while other processes write there too


class Store:
    """results/<study>/<run id>/: written beside its place, then renamed into it.

    Args:
        root: the folder of all studies.
        study: the name of this one.
    """

    def __init__(self, root: Path, study: str) -> None:
        self.root, self.folder = Path(root), Path(root) / study
        self.partial = self.folder / ".partial"

    def checkpoint(self, run_id: str) -> Path:
        """Return where a run keeps what it goes on from if it is killed."""
        return self.folder / ".checkpoints" / f"{run_id}.pt"

    def prepare(self) -> None:
        """Make the folder, and clear what dead processes left half-written.

        Raises:
            LonglagError: it cannot be written.
        """
        try:
            self.partial.mkdir(parents=True, exist_ok=True)
            probe = self.partial / f"writable-{signature()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise LonglagError(
                f"cannot write to {self.folder}: {error.strerror}; choose another folder with "
                "results=DIR"
            ) from None
        for left in self.partial.iterdir():
            if is_gone(left.name.rpartition("-")[2]):  # of another host it cannot be known
                remove(left)
        for kept in self.checkpoint("*").parent.glob("*.pt"):  # of a run that another one recorded
            if (self.folder / kept.stem / "record.json").exists():
                remove(kept)

    def has(self, run_id: str) -> bool:
        """Tell whether the run is recorded here, or in another study: then it is copied here."""
        if self.read(run_id) is not None:
            return True
        for study in sorted(self.root.glob("*/")):
            other = None if study == self.folder else whole(study / run_id)
            if other is not None:
                with self._into_place(run_id) as folder:
                    if other.folder.is_dir():
                        shutil.copytree(other.folder, folder, dirs_exist_ok=True)
                    write_run(other, folder)
                return True
        return False

    def read(self, run_id: str) -> Run | None:
        """Read the run of this id, or None."""
        return whole(self.folder / run_id)

    def save(
        self,
        record: Record,
        curve: Iterable[CurvePoint],
        arrays: Mapping[str, np.ndarray],
        weights: bytes = b"",
    ) -> Path:
        """Write a run as a whole or not at all, each file flushed to the disk before it counts.

        Args:
            record: of the run; digests of its files are added to it.
            curve: of the training.
            arrays: of the gradient probe.
            weights: of the model that was chosen, as a file holds them.

        Raises:
            LonglagError: the folder cannot be written.
        """
        points, files = list(curve), {}
        with self._into_place(record.id) as folder:
            (folder / "curve.csv").write_text(curve_text(points), newline="")
            files["curve.csv"] = digest(points)
            if arrays:
                np.savez_compressed(folder / "probe.npz", allow_pickle=False, **arrays)
                files["probe.npz"] = digest(arrays)
            if weights:
                (folder / "weights.pt").write_bytes(weights)
            text = as_text(replace(record, files=files))
            (folder / "record.json").write_text(text + "\n")
        self.forget(record.id)
        self.checkpoint(record.id).unlink(missing_ok=True)
        return self.folder / record.id

    def fail(self, run_id: str, command: str, error: str, trace: str) -> None:
        """Remember a failure: failed/<run id>.json, until the run succeeds."""
        path = self.folder / "failed" / f"{run_id}.json"
        error, trace = discreet(error), discreet(trace)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, {"id": run_id, "command": command, "error": error, "traceback": trace})
        except OSError as reason:
            raise LonglagError(f"{error}; and it cannot be noted in {path}: {reason}") from reason

    def failures(self) -> dict[str, Json]:
        """Read what failed and has not succeeded since, by run id."""
        return failures(self.folder)

    def has_failed(self, run_id: str) -> bool:
        """Tell whether the run failed and has not succeeded since."""
        return (self.folder / "failed" / f"{run_id}.json").exists()

    def forget(self, run_id: str) -> None:
        """Drop a failure, for the run is tried again."""
        (self.folder / "failed" / f"{run_id}.json").unlink(missing_ok=True)

    def put_aside(self, target: Path) -> None:
        """Move a folder that is not a whole record to damaged/: nothing is deleted unseen."""
        kept = self.folder / "damaged" / target.name
        count = sum(1 for _ in kept.parent.glob(f"{target.name}*"))
        kept = kept.with_name(f"{target.name}-{count}") if count else kept
        kept.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # another process put it aside
            os.rename(target, kept)

    @contextmanager
    def _into_place(self, run_id: str) -> Iterator[Path]:
        target, folder = self.folder / run_id, self.partial / f"{run_id}-{signature()}"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            yield folder
            for path in (*folder.iterdir(), folder):
                flush(path)
            self._rename(folder, target)
            flush(self.folder)
        except OSError as error:
            raise LonglagError(
                f"cannot write the record of {run_id} to {self.folder}: {error.strerror or error}"
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _rename(self, folder: Path, target: Path) -> None:
        """Give a whole folder its name, unless another process wrote the same run meanwhile."""
        for attempt in range(ATTEMPTS):
            if whole(target) is not None:
                return
            if target.exists():
                self.put_aside(target)
            try:
                os.rename(folder, target)
                return
            except OSError:  # it came into being since it was looked for: look again
                if attempt == ATTEMPTS - 1 or not target.exists():
                    raise


def whole(folder: Path) -> Run | None:
    """Read the run of a folder; None where there is none, with a warning where it is damaged."""
    try:
        return read_run(folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        warn(
            f"{folder}/record.json {error}; it counts as not run, and is kept in damaged/ once it "
            "is run again"
        )
        return None


def remove(path: Path) -> None:
    """Delete a file or a folder, as far as it can be."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
