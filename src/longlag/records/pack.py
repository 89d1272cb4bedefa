"""A packed study: a few files instead of some for each run, read where a run has no folder.

records.jsonl         a record a line, schema 2
curves.npz            columns step, sequences, split, metric, value over the rows of all curves;
`ids` and `rows` say whose they are: run ids[k] has the next rows[k] rows
probes.npz            every array of every run's probe.npz, as `array_table` has them
laboratories.npz      the same of its laboratory.npz
extrapolations.jsonl  {"id": ..., "content": ...}, a run a line
"""

import functools
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from longlag.records.array_table import arrays_by_run
from longlag.records.plain_text import harmless, refuse_names
from longlag.records.record import Record, parse
from longlag.records.side_files import COLUMNS, Arrays, CurvePoint, arrays_of

RECORDS = "records.jsonl"
PACKED = {  # a file beside a record -> the file that holds it for all runs
    "curve.csv": "curves.npz",
    "probe.npz": "probes.npz",
    "laboratory.npz": "laboratories.npz",
    "extrapolation.json": "extrapolations.jsonl",
}


class DamagedPack(ValueError):
    """A file of a pack that cannot be read, in one line that names it."""


class Pack:
    """The files of a packed study; each is read when it is first asked for.

    Args:
        folder: of the study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrays: dict[str, dict[str, Arrays]] = {}  # by file, then by run
        self.records: dict[str, Record] = {}
        self.skipped: list[str] = []  # a line for each record that could not be read
        path = folder / RECORDS
        for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else (), 1):
            try:
                record = parse(line.decode())
                self.records[record.id] = record
            except ValueError as error:
                self.skipped.append(f"{RECORDS} line {number} skipped: it {error}")

    def content(self, run_id: str, name: str) -> Any:
        """Return what a file beside a record would hold.

        Args:
            run_id: of the record.
            name: of the file, such as probe.npz.

        Raises:
            FileNotFoundError: the run has no such file.
            DamagedPack: the file of the pack is cut off or foreign.
        """
        path = self.folder / PACKED[name]
        if not path.exists():
            raise FileNotFoundError(path)
        try:
            if name == "curve.csv":
                return self.curves[run_id]
            if name == "extrapolation.json":
                return self.extrapolations[run_id]
            if name not in self.arrays:
                self.arrays[name] = arrays_by_run(arrays_of(path.read_bytes()))
            found = self.arrays[name][run_id]
            refuse_names(found)
            return found
        except KeyError:
            raise FileNotFoundError(f"{path} has nothing of {run_id}") from None
        except Exception as error:  # any: nobody knows what a damaged file makes a reader raise
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise DamagedPack(f"{path.name} cannot be read ({reason})") from error

    @cached_property
    def curves(self) -> dict[str, list[CurvePoint]]:
        """Read the learning curves by run."""
        table = arrays_of((self.folder / PACKED["curve.csv"]).read_bytes())
        rows = list(map(CurvePoint, *(table[column].tolist() for column in COLUMNS)))
        refuse_names({word for row in rows for word in (row.split, row.metric)})
        ends = np.cumsum(table["rows"]).tolist()
        starts = [0, *ends[:-1]]
        ids = table["ids"].tolist()
        return {i: rows[a:b] for i, a, b in zip(ids, starts, ends, strict=True)}

    @cached_property
    def extrapolations(self) -> dict[str, Any]:
        """Read what `longlag extrapolate` measured, by run."""
        lines = (self.folder / PACKED["extrapolation.json"]).read_text().splitlines()
        found = (json.loads(line) for line in lines)
        return {entry["id"]: harmless(entry["content"]) for entry in found}


def open_pack(folder: Path) -> Pack:
    """Open the pack of a study, anew if a file of it changed; without files it is empty."""
    names = (RECORDS, *PACKED.values())
    files = [(folder / name) for name in names if (folder / name).exists()]
    stats = ((path.name, path.stat()) for path in files)
    return cached_pack(folder, tuple((name, s.st_mtime_ns, s.st_size) for name, s in stats))


@functools.lru_cache(16)
def cached_pack(folder: Path, stamp: tuple[Any, ...]) -> Pack:
    """Open a pack once for each state of its files."""
    return Pack(folder)
