"""The studies that the tests of this room read: synthetic ones, and one whose run is training."""

import shutil
from pathlib import Path

import lightning
import pytest

import tiny
from longlag.records.live import FOLDER
from longlag.runs import live
from longlag.runs.config import resolve
from longlag.runs.run import execute
from synthetic_study import small, study

__all__ = ["small", "study", "watched"]


class Copy(lightning.Callback):
    """Keeps what a training told after its first validation, as another process would see it."""

    def __init__(self, study: Path, to: Path) -> None:
        self.study, self.to = study, to

    def on_train_end(self, trainer, pl_module) -> None:
        shutil.copytree(self.study / FOLDER, self.to / FOLDER)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch) -> Path:
    """The folder of a study in the middle of its one run, 10 of 20 steps after its beginning."""
    times = iter([0, 0, 5, 5])  # made, begun, the first validation, told; then time stands still
    clock = type("clock", (), {"monotonic": staticmethod(lambda: next(times, 5))})
    monkeypatch.setattr(live, "time", clock)
    place, seen = tmp_path / "run" / "now", tmp_path / "seen" / "now"
    words = ("cell=lstm", *tiny.TINY, "logger=none")
    execute(resolve(words), place, [Copy(place, seen)])
    assert not (place / FOLDER).exists()  # it ended
    return seen
