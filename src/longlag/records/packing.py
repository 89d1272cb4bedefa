"""Make a few files of a study's folders (pack), and folders of the few files again (unpack)."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from longlag.errors import LonglagError
from longlag.records.array_table import table_of
from longlag.records.atomic import write_arrays, write_json, write_text
from longlag.records.pack import PACKED, RECORDS, open_pack
from longlag.records.reader import read_runs
from longlag.records.record import as_text
from longlag.records.run import Run
from longlag.records.side_files import COLUMNS, curve_text, digest

PROFILES = "probe.npz"
ARRAYS = (PROFILES, "laboratory.npz")


class Packed(NamedTuple):
    """What was packed."""

    runs: int
    files: tuple[Path, ...]
    left: tuple[str, ...]  # a line for each thing that could not be packed, and lies where it lay


def pack_study(folder: Path) -> Packed:
    """Put every run of a study, packed or not, into the few files of `pack`, and drop the folders.

    Weights, pictures and whatever else lies in a run's folder stay there; so does what is damaged.
    The gradient profiles of trials are let go: no table or figure shows them.
    Each file is read back and compared before anything is deleted; a stop at any moment loses
    nothing, and packing again goes on.

    Raises:
        LonglagError: there are no records, or a file that was written does not read back.
    """
    runs, left = read_runs(folder)
    if not runs:
        raise LonglagError(f"there are no records in {folder}: nothing to pack")
    runs = [
        without_profiles(run) if run.record.names.get("stage") == "tune" else run for run in runs
    ]
    if any((run.folder / name).exists() for run in runs for name in ("record.json", *PACKED)):
        write_pack(folder, runs)
        check_pack(folder, runs)
        for run in runs:
            drop(run)
    files = tuple(path for n in (RECORDS, *PACKED.values()) if (path := folder / n).exists())
    return Packed(len(runs), files, (*left, *dict.fromkeys(x for r in runs for x in r.broken)))


def without_profiles(run: Run) -> Run:
    """Return a run as it is without the arrays of the gradient probe."""
    files = {name: seal for name, seal in run.record.files.items() if name != PROFILES}
    return Run(run.folder, replace(run.record, files=files), run.pack, {PROFILES: None})


def write_pack(folder: Path, runs: Iterable[Run]) -> None:
    """Write the files of a pack, each as a whole or not at all, the records last."""
    for name in ARRAYS:
        arrays = [(run.id, found) for run in runs if (found := run.side_file(name))]
        if arrays:
            write_arrays(folder / PACKED[name], table_of(arrays))
    curves = [(run.id, run.side_file("curve.csv")) for run in runs]
    held = [(run_id, points) for run_id, points in curves if points is not None]
    if held:
        flat = [point for _, points in held for point in points]
        table = {name: np.array([getattr(point, name) for point in flat]) for name in COLUMNS}
        table["rows"] = np.array([len(points) for _, points in held])
        table["ids"] = np.array([run_id for run_id, _ in held])
        write_arrays(folder / PACKED["curve.csv"], table)
    found = [(run.id, run.extrapolation) for run in runs]
    lines = [json.dumps({"id": run_id, "content": content}) for run_id, content in found if content]
    if lines:
        write_text(folder / PACKED["extrapolation.json"], "\n".join(lines) + "\n")
    write_text(folder / RECORDS, "".join(as_text(run.record, None) + "\n" for run in runs))


def check_pack(folder: Path, runs: Iterable[Run]) -> None:
    """Read a pack back.

    Raises:
        LonglagError: it does not hold what the runs hold.
    """
    pack = open_pack(folder)
    for run in runs:
        same = pack.records.get(run.id) is not None
        same = same and as_text(pack.records[run.id]) == as_text(run.record)
        for name in PACKED:
            content = run.side_file(name)
            if same and content:
                same = digest(pack.content(run.id, name)) == digest(content)
        if not same:
            raise LonglagError(
                f"the pack of {folder} does not read back at {run.id}; no run was deleted"
            )


def drop(run: Run) -> None:
    """Delete what the pack holds now of a run's folder; the folder too if nothing else is in it."""
    for name in (*PACKED, "record.json"):
        let_go = name == PROFILES and name in run.found and name not in run.record.files
        if name == "record.json" or let_go or run.side_file(name) is not None:
            (run.folder / name).unlink(missing_ok=True)
    if run.folder.is_dir() and not any(run.folder.iterdir()):
        run.folder.rmdir()


def unpack_study(folder: Path) -> int:
    """Give every run of a packed study a folder of its own again; return how many there are.

    Raises:
        LonglagError: it is not packed, or a file of the pack is damaged; then the pack stays.
    """
    pack = open_pack(folder)
    if not pack.records:
        raise LonglagError(f"{folder} is not packed: it has no {RECORDS}")
    runs, _ = read_runs(folder)
    for run in runs:
        write_run(run, run.folder)
    broken = [*pack.skipped, *dict.fromkeys(line for run in runs for line in run.broken)]
    if broken:
        raise LonglagError(f"the pack of {folder} is kept, for {broken[0]}")
    for name in (RECORDS, *PACKED.values()):
        (folder / name).unlink(missing_ok=True)
    return len(pack.records)


def write_run(run: Run, folder: Path) -> None:
    """Write a run's files into a folder, the record last; what is there already is left."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKED:
        path, content = folder / name, run.side_file(name)
        if path.exists() or content is None:
            continue
        if name == "curve.csv":
            write_text(path, curve_text(content))
        elif name in ARRAYS:
            write_arrays(path, content)
        else:
            write_json(path, content)
    if not (folder / "record.json").exists():
        write_text(folder / "record.json", as_text(run.record) + "\n")
