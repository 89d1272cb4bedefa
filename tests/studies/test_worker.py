"""A job leaves a record or a failure behind, whatever the run does; and it ends with its sweep."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longlag.records.store import Store
from longlag.runs import run
from longlag.runs.config import resolve
from longlag.studies.worker import record

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.read(1)  # it watches
print(child.pid, flush=True)
time.sleep(60)
"""
CHILD = """
import time
from longlag.studies.worker import end_with_parent
end_with_parent(period=0.05)
print("!", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no\nat all"), "ValueError: no"),
        (SystemExit(3), "SystemExit: 3"),
        (RuntimeError(), "RuntimeError: no reason given"),
    ],
)
def test_whatever_a_run_raises_is_its_failure(error, said, tmp_path: Path, monkeypatch):
    def execute(config, folder):
        raise error

    monkeypatch.setattr(run, "execute", execute)
    store, config = Store(tmp_path, "s"), resolve(["seed=3"])
    store.prepare()
    assert record(config, store) == "failed"
    failure = store.failures()[config.id]
    assert failure["error"] == said
    assert "seed=3" in failure["command"] and "Traceback" in failure["traceback"]
    assert store.begun() == set()


def test_a_run_that_is_recorded_is_not_run_again(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(run, "execute", None)
    store, config = Store(tmp_path, "s"), resolve([])
    store.prepare()
    store.save({"schema": 1, "id": config.id}, [], {})
    assert record(config, store) == "known"


def test_a_worker_ends_when_its_sweep_was_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{worker}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return  # it ended, and nobody has asked how
        time.sleep(0.05)
    raise AssertionError("the worker lives on")
