"""What goes wrong around a run costs one clear line, and the store opens afterwards."""

import errno
import os
import shutil
from concurrent.futures import Future
from pathlib import Path

import pytest

from longlag.errors import LonglagError
from longlag.records import atomic
from longlag.records.store import Store
from longlag.runs import run
from longlag.runs.config import Config, resolve
from longlag.studies.lease import FORGOTTEN
from longlag.studies.local import LocalExecutor
from longlag.studies.runner import Runner
from longlag.studies.worker import record_run
from some_record import some_record


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Two runs that are over at once."""
    monkeypatch.setattr(
        run, "execute", lambda c, folder: (some_record(id=c.id), [], {}, b"weights")
    )
    return [resolve([f"seed={seed}"]) for seed in (0, 1)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "results", "s")
    found.prepare()
    return found


class Here:
    """An executor that runs at once, in this process."""

    workers, ahead, patience = 1, 0, float("inf")

    def submit(self, function, *arguments) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        pass


def carry(store: Store, configs: list[Config]) -> Runner:
    runner = Runner(store, Here())
    runner.run(configs)
    return runner


def assert_all_is_well(store: Store, configs: list[Config]) -> None:
    """What another call does, and what it finds."""
    store.prepare()
    runner = carry(store, configs)
    assert runner.ended == {config.id for config in configs} and not runner.failed
    assert all(store.has(config.id) for config in configs)
    assert list(store.partial.iterdir()) == [] and store.failures() == {}


def test_a_full_disk_ends_a_study_in_one_line(store, configs, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(LonglagError) as caught:
        patch.setattr(atomic.os, "fsync", full)
        carry(store, configs)
    line = str(caught.value)
    assert line.count("No space left on device") == 2 and "\n" not in line
    assert f"cannot write the record of {configs[0].id}" in line and "noted in" in line
    assert not any(store.folder.glob("lstm-*"))
    assert_all_is_well(store, configs)


def test_a_folder_that_is_deleted_meanwhile_is_made_again(store, configs, monkeypatch):
    whole = run.execute

    def deleting(config, folder):
        shutil.rmtree(store.root)
        return whole(config, folder)

    monkeypatch.setattr(run, "execute", deleting)
    assert not carry(store, configs).failed
    assert [path.name for path in store.folder.glob("lstm-*")] == [configs[1].id]
    monkeypatch.setattr(run, "execute", whole)
    assert_all_is_well(store, configs)


def test_a_run_without_memory_fails_by_itself(store, configs, monkeypatch):
    whole = run.execute

    def hungry(config, folder):
        if config.values.seed == 0:
            raise MemoryError("Unable to allocate 9.00 TiB")
        return whole(config, folder)

    monkeypatch.setattr(run, "execute", hungry)
    assert carry(store, configs).failed == {configs[0].id}
    (failure,) = store.failures().values()
    assert failure["error"] == "MemoryError: Unable to allocate 9.00 TiB"
    monkeypatch.setattr(run, "execute", whole)
    assert_all_is_well(store, configs)


def test_a_worker_out_of_memory_says_so_in_one_line_and_goes_on_with_the_next_run(store):
    """A true worker that may have 8 GiB, and a net that asks for 16 TB."""
    resource = pytest.importorskip("resource")
    small = ["match=none", "trainer.max_steps=2", "trainer.validate_every=2", "logger=none"]
    small += ["trainer.validation_size=4", "trainer.test_size=4", "task.length=5", "probe=off"]
    hungry, modest = (resolve([*small, f"model.hidden_size={n}"]) for n in (10**6, 3))
    executor = LocalExecutor(workers=1)
    limit = 8 * 2**30, resource.getrlimit(resource.RLIMIT_AS)[1]
    executor.submit(resource.setrlimit, resource.RLIMIT_AS, limit).result(timeout=120)
    runner = Runner(store, executor)
    runner.run([hungry, modest])
    assert runner.failed == {hungry.id} and store.has(modest.id)
    (failure,) = store.failures().values()
    assert "allocate" in failure["error"] and "\n" not in failure["error"]
    assert not list(store.folder.glob(".leases/*.lease")) and list(store.partial.iterdir()) == []


def test_a_record_that_is_cut_off_is_set_aside_and_run_again(store, configs, caplog):
    assert_all_is_well(store, configs)
    path = store.folder / configs[0].id / "record.json"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    assert_all_is_well(store, configs)
    (line,) = {record.getMessage() for record in caplog.records}
    assert line.startswith(str(path)) and "kept in damaged/" in line and "\n" not in line
    assert (store.folder / "damaged" / configs[0].id / "record.json").exists()
    assert path.read_text() == text


@pytest.mark.parametrize("ahead", [-10 * FORGOTTEN, 10 * FORGOTTEN])
def test_a_clock_that_jumps_holds_up_no_run(store, configs, ahead):
    """A lease of another host, whose clock was set back or forth since."""
    path = store.folder / ".leases" / f"{configs[0].id}.lease"
    path.parent.mkdir()
    path.write_text("0a1b2c3d.1")
    now = path.stat().st_mtime
    os.utime(path, (now + ahead, now + ahead))
    assert record_run(configs[0], store.root, "s", configs[0].id) == "done"
    assert_all_is_well(store, configs)
