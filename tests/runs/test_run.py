"""One run, end to end: what its record holds, and that it can be had again."""

import copy
import io
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import tiny
from longlag.errors import LonglagError
from longlag.records.record import as_text
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.restore import restore_run
from longlag.runs.run import Result, execute
from longlag.studies.worker import record_run
from longlag.tasks import Adding

TINY = ("cell=lstm", *tiny.TINY, "logger=none")
VOLATILE = ("date", "seconds", "peak_memory_mb", "command")


def run(*overrides: str, tmp_path: Path) -> Result:
    return execute(resolve((*TINY, *overrides)), tmp_path)


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    return run(tmp_path=tmp_path_factory.mktemp("run"))


def test_a_record_holds_what_a_reader_needs(result):
    found = json.loads(as_text(result.record))
    assert found["schema"] == 2 and found["status"] in ("finished", "solved")
    assert found["names"] | {"cell": "lstm", "task": "adding"} == found["names"]
    assert found["score"] == "mse" and found["directions"]["mse"] == "min"
    task = Adding(length=6)
    drawn = next(task.evaluation("test", found["seed"], 16, 16))
    floor, always_one = found["floors"][0], (drawn.target[-1] - 1).square().mean()
    assert floor.pop("measured") == pytest.approx(always_one.item())
    assert floor == task.spec.floors[0]._asdict()
    assert set(found["metrics"]) == {"validation", "test"}
    assert set(found["metrics"]["test"]) == {"mse", "within", "loss"}
    assert found["model"]["parameters"] == 4 * 4 * (2 + 4 + 1) + 4 + 1
    assert found["model"]["state_size"] == 8
    assert (found["steps"], found["sequences"]) == (20, 640)
    assert set(found["seconds"]) == {"setup", "train", "probe", "evaluate"}
    assert all(value >= 0 for value in found["seconds"].values())
    assert found["versions"]["task"] == 1 and found["versions"]["torch"]
    assert set(found["git"]) == {"commit", "dirty"}
    assert found["peak_memory_mb"] > 10
    assert found["config"]["trainer"]["max_steps"] == 20
    assert not {"results", "logger", "study"} & set(found["config"])


def test_a_run_has_gradient_rows_and_a_curve(result):
    assert result.arrays["steps"].tolist() == [0, 1, 2, 5, 10, 20]
    assert (result.arrays["profile/0/c"][:, 1:] > 0).all()
    splits = {(row.split, row.step) for row in result.curve}
    assert splits == {("train", 10), ("train", 20), ("validation", 10), ("validation", 20)}


def test_the_same_command_gives_the_same_numbers(result, tmp_path):
    torch.manual_seed(1234)  # global randomness must not matter
    torch.rand(7)
    again = run(tmp_path=tmp_path)
    same = {name: getattr(again.record, name) for name in VOLATILE}
    assert again.record == replace(result.record, **same)
    assert again.curve == result.curve
    for name, values in result.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)


@pytest.mark.parametrize(
    "override", ["seed=1", "seeds.init=1", "seeds.data=1", "optim.lr=0.1", "trainer.clip=0.001"]
)
def test_each_of_these_overrides_changes_the_numbers(override, result, tmp_path):
    assert run(override, tmp_path=tmp_path).curve != result.curve


def test_seed_zero_is_a_seed_and_the_two_seeds_are_separate(result, tmp_path):
    init = run("seeds.init=1", tmp_path=tmp_path)
    data = run("seeds.data=1", tmp_path=tmp_path)
    both = run("seed=1", tmp_path=tmp_path)
    assert init.record.metrics != data.record.metrics != both.record.metrics
    np.testing.assert_array_equal(  # other weights, other data: other gradients of either
        both.arrays["profile/0/h"],
        run("seeds.init=1", "seeds.data=1", tmp_path=tmp_path).arrays["profile/0/h"],
    )


def test_a_diverged_run_is_an_outcome_and_not_a_crash(tmp_path):
    found = run("optim=sgd", "optim.lr=1e30", "trainer.clip=null", tmp_path=tmp_path).record
    assert found.status == "diverged"
    assert found.steps < 20


def test_a_run_can_be_loaded_again_trained_or_as_it_was_initialised(result, tmp_path):
    store = Store(tmp_path, "single")
    store.prepare()
    folder = store.save(*result)
    weights = torch.load(io.BytesIO(result.weights), weights_only=True)
    trained, initial = restore_run(folder), restore_run(folder, trained=False)
    for name, value in trained.model.state_dict().items():
        assert torch.equal(value, weights[name])
    x = Adding(length=6).batch("test", 0, 0, 4).x
    assert not torch.equal(trained.model(x).prediction, initial.model(x).prediction)
    (folder / "weights.pt").unlink()
    with pytest.raises(LonglagError, match=r"has no weights\.pt"):
        restore_run(folder)
    with pytest.raises(LonglagError, match=r"no record\.json"):
        restore_run(tmp_path)


def test_a_job_records_what_was_not_recorded_and_keeps_a_failure(tmp_path):
    store, config = Store(tmp_path, "single"), resolve((*TINY, "probe=off"))
    store.prepare()
    where = tmp_path, "single"
    assert record_run(config, *where, config.id) == "done"
    assert record_run(config, *where, config.id) == "known"
    broken = replace(config, plain=copy.deepcopy(config.plain))
    broken.plain["optim"]["no_such_argument"] = 1
    assert record_run(broken, *where, broken.id) == "failed"
    failure = store.failures()[broken.id]
    assert "no_such_argument" in failure["error"] and "Traceback" in failure["traceback"]


def test_ctrl_c_in_a_training_is_an_interrupt_and_leaves_no_record(tmp_path, monkeypatch):
    def interrupted(self, batch, k):
        raise KeyboardInterrupt

    store = Store(tmp_path, "single")
    store.prepare()
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("longlag.training.learner.Learner.training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record_run(resolve(TINY), tmp_path, "single", resolve(TINY).id)
    assert signal.getsignal(signal.SIGINT) is before
    assert {path.name for path in store.folder.iterdir()} == {".partial", ".leases"}
    assert not [path for path in store.folder.rglob("*") if path.is_file()]
