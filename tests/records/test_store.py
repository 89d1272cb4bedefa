"""A run's folder exists if and only if its record is whole."""

import logging
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.records.presence import alive, here
from longlag.records.record import as_text
from longlag.records.side_files import CurvePoint
from longlag.records.store import Store
from some_record import RECORD, some_record

ROWS = [CurvePoint(1, 32, "train", "loss", 0.5)]
ID = RECORD.id


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path, "study")
    store.prepare()
    return store


def test_what_is_saved_is_read_back(store):
    folder = store.save(RECORD, ROWS, {"steps": np.arange(3)})
    run = store.read(ID)
    assert store.has(ID) and run is not None
    assert replace(run.record, files={}) == RECORD
    assert run.curve["train", "loss"].tolist() == [[1, 32, 0.5]] and run.broken == ()
    assert (folder / "curve.csv").read_text().splitlines()[1] == "1,32,train,loss,0.5"
    np.testing.assert_array_equal(np.load(folder / "probe.npz")["steps"], [0, 1, 2])
    assert list(store.partial.iterdir()) == []


def test_a_save_that_breaks_leaves_no_folder(store):
    with pytest.raises(ValueError, match="Object arrays"):
        store.save(RECORD, ROWS, {"steps": np.array([{}], dtype=object)})
    assert not store.has(ID)
    assert not (store.folder / ID).exists()
    assert list(store.partial.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": 1, "id": "lstm-ad', "truncated"),
        ('{"schema": 7}', "not a longlag record"),
        ("[1, 2]", "not a longlag record"),
        (as_text(some_record(id="gru-adding-9876543210")), "another run"),
        (as_text(RECORD).replace('"test": {', '"test": null, "x": {'), "metrics.test"),
    ],
)
def test_a_truncated_or_foreign_record_counts_as_not_run_and_is_named(store, caplog, content, said):
    folder = store.folder / ID
    folder.mkdir()
    (folder / "record.json").write_text(content)
    with caplog.at_level(logging.WARNING):
        assert not store.has(ID)
    assert said in caplog.text and str(folder) in caplog.text
    store.save(RECORD, ROWS, {})
    assert store.read(ID).record.metrics == RECORD.metrics
    kept = store.folder / "damaged" / ID / "record.json"
    assert kept.read_text() == content  # put aside, not deleted


def test_a_damaged_record_is_told_once_and_each_is_kept(store, caplog):
    for count in (1, 2):
        folder = store.folder / ID
        folder.mkdir(exist_ok=True)
        (folder / "record.json").write_text("{")
        with caplog.at_level(logging.WARNING):
            assert not store.has(ID) and not store.has(ID)
        assert len(caplog.records) == 1
        store.save(RECORD, ROWS, {})
        assert len(list((store.folder / "damaged").iterdir())) == count


def test_a_failure_that_cannot_be_noted_is_an_error_that_tells_both(store):
    (store.folder / "failed").write_text("in the way")
    with pytest.raises(LonglagError, match=r"ValueError: no; and it cannot be noted in"):
        store.fail(ID, "longlag train", "ValueError: no", "Traceback ...")


def test_a_file_of_somebody_else_among_the_partial_ones_is_left_alone(store):
    (store.partial / ".DS_Store").touch()
    store.prepare()
    assert (store.partial / ".DS_Store").exists()


def test_a_record_of_another_study_is_shared(store, tmp_path):
    other = Store(tmp_path, "other")
    other.prepare()
    store.save(RECORD, ROWS, {"steps": np.arange(2)})
    assert other.has(ID)
    assert other.read(ID).record == store.read(ID).record
    assert (other.folder / ID / "probe.npz").exists()


def test_what_a_dead_process_left_half_written_is_cleared_and_a_live_one_is_not(store):
    dead, live = (store.partial / f"run-{here()}.{pid}" for pid in (999999999, os.getppid()))
    distant = store.partial / "run-0a1b2c3d.999999999"  # of another host, where it may well live
    for folder in (dead, live, distant):
        folder.mkdir()
    store.prepare()
    assert not dead.exists() and live.exists() and distant.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LonglagError, match=r"cannot write to .*file.*results=DIR"):
        Store(tmp_path / "file", "study").prepare()


def test_a_failure_is_remembered_until_the_run_succeeds(store):
    store.fail(ID, "longlag train", "ValueError: no", "Traceback ...")
    assert store.failures()[ID]["error"] == "ValueError: no"
    store.save(RECORD, ROWS, {})
    assert store.failures() == {}


def test_a_process_that_ended_but_was_not_reaped_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is left a zombie
    assert not alive(child.pid)
    child.wait()
    assert not alive(child.pid) and alive(os.getpid())


def save_all(root: str, ids: list[str]) -> None:
    """What each of several processes does."""
    store = Store(root, "study")
    for run_id in ids:
        store.save(some_record(id=run_id), ROWS, {"steps": np.arange(2)})


def test_processes_that_save_the_same_runs_at_once_do_not_disturb_each_other(tmp_path):
    ids = [f"lstm-adding-{k:010d}" for k in range(100)]
    Store(tmp_path, "study").prepare()
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        list(pool.map(save_all, [str(tmp_path)] * 4, [ids] * 4))
    store = Store(tmp_path, "study")
    assert all(store.read(run_id) is not None for run_id in ids)
    assert not (store.folder / "damaged").exists()


def test_every_file_of_a_run_is_on_the_disk_before_the_run_has_its_name(store, monkeypatch):
    flushed, names = [], {}
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append((os.fstat(handle).st_ino, (store.folder / ID).exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = store.save(RECORD, ROWS, {"steps": np.arange(2)}, b"weights")
    names = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert set(names) == {"curve.csv", "probe.npz", "record.json", "weights.pt"}
    assert {inode for inode, visible in flushed if not visible} >= set(names.values())
