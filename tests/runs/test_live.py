"""Watching a training changes nothing, and leaves nothing when it ends, however it ends."""

from pathlib import Path

import pytest

import tiny
from longlag.records.live import FOLDER
from longlag.runs import live
from longlag.runs.config import resolve
from longlag.runs.run import execute

WORDS = ("cell=lstm", *tiny.TINY, "logger=none")


def test_a_run_that_is_watched_has_the_numbers_of_one_that_is_not(tmp_path: Path, monkeypatch):
    alone = execute(resolve(WORDS), tmp_path / "alone")
    told = []
    monkeypatch.setattr(live, "PERIOD", 0.0)
    monkeypatch.setattr(live, "write_json", lambda path, content: told.append(content))
    watched = execute(resolve(WORDS), tmp_path / "watched")
    assert [seen["step"] for seen in told] == [10, 20]
    assert watched.curve == alone.curve and watched.weights == alone.weights
    assert watched.record.metrics == alone.record.metrics


def test_a_short_run_writes_nothing_to_watch(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 3600.0)
    monkeypatch.setattr(live, "write_json", lambda *_: pytest.fail("written"))
    execute(resolve(WORDS), tmp_path / "study")


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_run_that_breaks_leaves_nothing_to_watch(error, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 0.0)
    written = []
    write = live.write_json

    def break_down(path: Path, content: dict) -> None:
        write(path, content)
        written.append(path.exists())
        raise error

    monkeypatch.setattr(live, "write_json", break_down)
    with pytest.raises(type(error)):
        execute(resolve(WORDS), tmp_path / "study")
    assert written == [True] and not (tmp_path / "study" / FOLDER).exists()


def test_a_disk_that_is_full_costs_no_run(tmp_path: Path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(live, "PERIOD", 0.0)
    monkeypatch.setattr(live, "write_json", full)
    assert execute(resolve(WORDS), tmp_path / "study").record.metrics.test
