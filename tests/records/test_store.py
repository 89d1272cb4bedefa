"""A run's folder exists if and only if its record is whole."""

import json
import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.records.store import Store, alive

ROWS = [{"step": 1, "sequences": 32, "split": "train", "metric": "loss", "value": 0.5}]


def record(run_id: str = "lstm-adding-0123456789", **more) -> dict:
    return {"schema": 1, "id": run_id, "metrics": {}, **more}


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path, "study")
    store.prepare()
    return store


def test_what_is_saved_is_read_back(store):
    folder = store.save(record(), ROWS, {"steps": np.arange(3)})
    assert store.has(record()["id"])
    assert store.read(record()["id"]) == record()
    assert (folder / "curve.csv").read_text().splitlines()[1] == "1,32,train,loss,0.5"
    np.testing.assert_array_equal(np.load(folder / "probe.npz")["steps"], [0, 1, 2])
    assert list(store.partial.iterdir()) == []


def test_a_save_that_breaks_leaves_no_folder(store):
    with pytest.raises(TypeError):
        store.save(record(odd={1, 2}), ROWS, {})
    assert not store.has(record()["id"])
    assert not (store.folder / record()["id"]).exists()
    assert list(store.partial.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": 1, "id": "lstm-ad', "truncated"),
        ('{"schema": 7}', "not a longlag record"),
        ("[1, 2]", "not a longlag record"),
        (json.dumps(record("gru-adding-9876543210")), "another run"),
    ],
)
def test_a_truncated_or_foreign_record_counts_as_not_run_and_is_named(store, caplog, content, said):
    folder = store.folder / record()["id"]
    folder.mkdir()
    (folder / "record.json").write_text(content)
    with caplog.at_level(logging.WARNING):
        assert not store.has(record()["id"])
    assert said in caplog.text and str(folder) in caplog.text
    store.save(record(), ROWS, {})
    assert store.read(record()["id"]) == record()
    kept = store.folder / "damaged" / record()["id"] / "record.json"
    assert kept.read_text() == content  # put aside, not deleted


def test_a_damaged_record_is_told_once_and_each_is_kept(store, caplog):
    for count in (1, 2):
        folder = store.folder / record()["id"]
        folder.mkdir(exist_ok=True)
        (folder / "record.json").write_text("{")
        with caplog.at_level(logging.WARNING):
            assert not store.has(record()["id"]) and not store.has(record()["id"])
        assert len(caplog.records) == 1
        store.save(record(), ROWS, {})
        assert len(list((store.folder / "damaged").iterdir())) == count


def test_a_run_under_way_leaves_a_mark_only_if_its_process_is_killed(store):
    with store.running("lstm-adding-1"):
        assert store.begun() == {"lstm-adding-1"}
    with pytest.raises(ValueError, match="broken"), store.running("lstm-adding-2"):
        raise ValueError("broken")
    assert store.begun() == set()
    dead = store.partial / "lstm-adding-3.running-999999999"
    dead.touch()
    store.prepare()
    assert not dead.exists()


def test_a_failure_that_cannot_be_noted_is_an_error_that_tells_both(store):
    (store.folder / "failed").write_text("in the way")
    with pytest.raises(LonglagError, match=r"ValueError: no; and it cannot be noted in"):
        store.fail(record()["id"], "longlag train", "ValueError: no", "Traceback ...")


def test_a_file_of_somebody_else_among_the_partial_ones_is_left_alone(store):
    (store.partial / ".DS_Store").touch()
    store.prepare()
    assert (store.partial / ".DS_Store").exists()


def test_a_record_of_another_study_is_shared(store, tmp_path):
    other = Store(tmp_path, "other")
    other.prepare()
    store.save(record(), ROWS, {"steps": np.arange(2)})
    assert other.has(record()["id"])
    assert other.read(record()["id"]) == record()
    assert (other.folder / record()["id"] / "probe.npz").exists()


def test_what_a_dead_process_left_half_written_is_cleared_and_a_live_one_is_not(store):
    dead, live = store.partial / "run-999999999", store.partial / f"run-{os.getppid()}"
    dead.mkdir()
    live.mkdir()
    store.prepare()
    assert not dead.exists() and live.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LonglagError, match=r"cannot write to .*file.*results=DIR"):
        Store(tmp_path / "file", "study").prepare()


def test_a_failure_is_remembered_until_the_run_succeeds(store):
    store.fail(record()["id"], "longlag train", "ValueError: no", "Traceback ...")
    assert store.failures()[record()["id"]]["error"] == "ValueError: no"
    store.save(record(), ROWS, {})
    assert store.failures() == {}


def test_a_process_that_ended_but_was_not_reaped_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is left a zombie
    assert not alive(child.pid)
    child.wait()
    assert not alive(child.pid) and alive(os.getpid())
