"""Two sweeps into one folder do not run a point twice, and a dead one holds none of it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from longlag.records.store import Store
from longlag.studies import lease as leases
from longlag.studies import runner
from longlag.studies.lease import FORGOTTEN, lease
from longlag.studies.runner import Runner

HOLDER = """
import sys, time
from pathlib import Path
from longlag.studies.lease import lease

with lease(Path(sys.argv[1]), "run") as ours:
    print(ours, flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline().strip() == "True"
    return holder


def test_a_run_that_another_process_is_at_is_left_to_it_until_that_one_dies(tmp_path: Path):
    with hold(tmp_path) as holder:
        with lease(tmp_path, "run") as ours:
            assert not ours
        with lease(tmp_path, "another") as ours:
            assert ours
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with lease(tmp_path, "run") as ours:
            assert ours
    assert list(tmp_path.iterdir()) == []


def test_a_lease_of_another_host_counts_as_long_as_it_is_renewed(tmp_path: Path):
    path, now = tmp_path / "run.lease", time.time()
    path.write_text("0a1b2c3d.1")
    for age, free in ((1, False), (FORGOTTEN - 20, False), (FORGOTTEN + 20, True)):
        path.write_text("0a1b2c3d.1")
        os.utime(path, (now - age, now - age))
        with lease(tmp_path, "run") as ours:
            assert ours == free
    path.write_text("0a1b2c3d.1")
    os.utime(path, (now + 86400, now + 86400))  # its clock was a day ahead
    with lease(tmp_path, "run") as ours:
        assert ours


def test_a_lease_is_renewed_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "RENEWED", 0.01)
    with lease(tmp_path, "run"):
        path = tmp_path / "run.lease"
        os.utime(path, (0, 0))
        end = time.monotonic() + 30
        while path.stat().st_mtime == 0 and time.monotonic() < end:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0
    assert not path.exists()


def test_where_no_lease_can_be_written_the_run_goes_on(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with lease(tmp_path / "file", "run") as ours:
        assert ours


class Config:
    """Stands for a config: the runner asks for its id alone."""

    def __init__(self, name: str) -> None:
        self.id, self.command = name, name


def test_the_runner_comes_back_to_a_run_that_was_elsewhere(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(runner, "PAUSE", 0.01)
    answers = {"a": ["elsewhere", "elsewhere", "done"], "b": ["done"]}
    order = []

    class Executor:
        workers, ahead, patience = 1, 0, float("inf")

        def submit(self, function, config, *more) -> Future:
            order.append(config.id)
            future: Future = Future()
            future.set_result(answers[config.id].pop(0))
            return future

        def stop(self) -> None: ...

    store = Store(tmp_path, "s")
    store.prepare()
    one = Runner(store, Executor())
    one.run([Config("a"), Config("b")])
    assert one.ended == {"a", "b"} and order.count("a") == 3 and order[1] == "b"
