"""A run in a worker leaves a record or a failure behind, whatever happens to it."""

from pathlib import Path

import pytest

from longlag.records.store import Store
from longlag.runs import run
from longlag.runs.config import resolve
from longlag.studies.worker import record_run


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
    assert record_run(config, tmp_path, "s", config.id) == "failed"
    failure = store.failures()[config.id]
    assert failure["error"] == said
    assert "seed=3" in failure["command"] and "Traceback" in failure["traceback"]


def test_a_run_that_is_recorded_is_not_run_again(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(run, "execute", None)
    monkeypatch.setattr(Store, "has", lambda self, run_id: True)
    config = resolve([])
    assert record_run(config, tmp_path, "s", config.id) == "known"


def test_a_run_whose_source_was_edited_meanwhile_is_no_record_of_the_old_one(tmp_path: Path):
    config = resolve([])
    Store(tmp_path, "s").prepare()
    assert record_run(config, tmp_path, "s", "lstm-adding-0123456789") == "failed"
    failure = Store(tmp_path, "s").failures()["lstm-adding-0123456789"]
    assert "changed while s ran" in failure["error"]
