"""Worker processes: one that is killed costs its own run alone, and none outlives its parent."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import pytest

from longlag.errors import LonglagError
from longlag.studies.local import LocalExecutor

PARENT = """
import os, sys, time
from longlag.studies.local import LocalExecutor

if __name__ == "__main__":
    executor = LocalExecutor(workers=2)
    futures = [executor.submit(time.sleep, 600)]
    if sys.argv[1] == "working":
        while not futures[0].running():
            time.sleep(0.01)
    import multiprocessing
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(float(sys.argv[2]))
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def executor():
    made = LocalExecutor(workers=2)
    yield made
    made.stop()


def test_a_killed_worker_costs_its_own_run_and_is_replaced(executor: LocalExecutor):
    sleeping = executor.submit(time.sleep, 600)
    pid = executor.submit(os.getpid).result(timeout=60)
    others = [executor.submit(time.sleep, 0.05) for _ in range(4)]
    victim = next(p for p in children() if p != pid)
    while not sleeping.running():
        time.sleep(0.01)
    os.kill(victim, signal.SIGKILL)
    with pytest.raises(Exception, match="Abnormal termination"):
        sleeping.result(timeout=60)
    assert all(future.result(timeout=60) is None for future in others)
    pids = {executor.submit(os.getpid).result(timeout=60) for _ in range(8)}
    assert victim not in pids


def children() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children()}


def test_stop_ends_workers_at_once_and_new_ones_can_be_started(executor: LocalExecutor):
    future = executor.submit(time.sleep, 600)
    executor.submit(os.getpid).result(timeout=60)
    before = children()
    executor.stop()
    assert not before & children()
    assert not future.done() or future.exception() is not None or future.cancelled()
    assert executor.submit(os.getpid).result(timeout=60) not in before


def test_workers_hear_no_ctrl_c_and_the_parent_still_does(executor: LocalExecutor):
    pid = executor.submit(os.getpid).result(timeout=60)
    for child in children():
        os.kill(child, signal.SIGINT)
    wait([executor.submit(time.sleep, 0.01) for _ in range(4)], timeout=60)
    assert pid in children()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize(
    ("state", "delay"), [("starting", 0), ("starting", 0.2), ("starting", 0.5), ("working", 0)]
)
def test_no_worker_outlives_its_parent_whenever_that_is_killed(
    state: str, delay: float, tmp_path: Path
):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    done = subprocess.run(
        [sys.executable, str(script), state, str(delay)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    workers = [int(word) for word in done.stdout.split()]
    assert done.returncode == -signal.SIGKILL and len(workers) == 2
    for _ in range(600):
        if not any(alive(worker) for worker in workers):
            return
        time.sleep(0.05)
    raise AssertionError("a worker lives on")


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_number_of_workers_that_cannot_be_is_refused():
    with pytest.raises(LonglagError, match="at least 1 or null, not 0"):
        LocalExecutor(workers=0)
