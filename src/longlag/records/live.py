"""The runs of a study that are training now, as far as they have told."""

import time
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from longlag.records.reader import read_json
from longlag.records.record import written

FOLDER = ".live"
KEYS = ("cell", "task", "stage")


def live_file(study: Path, run_id: str) -> Path:
    """Return where a training tells how far it is."""
    return study / FOLDER / f"{run_id}.json"


def is_live(study: Path) -> bool:
    """Tell whether a run of a study has told that it is training."""
    return any((study / FOLDER).glob("*.json"))


def live_runs(study: Path, recorded: Container[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id of each run that is training, and what it tells; `age` is seconds since then.

    Args:
        study: its folder.
        recorded: ids of runs that ended: what they left was of a process that was killed.
    """
    for path in sorted((study / FOLDER).glob("[!.]*.json")):
        try:
            found: dict[str, Any] = read_json(path) | {
                "age": max(0.0, time.time() - path.stat().st_mtime)
            }
            names = {"stage": "", **found["names"]}
            found["names"] = {key: names[key] and written(names[key]) for key in KEYS}
            if written(path.stem) not in recorded:
                yield path.stem, found
        # gone since, or no file of longlag's
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ):
            continue
