"""A sweep survives what happens to it: the logic, on a launcher that misbehaves on purpose."""

import functools
import json
from pathlib import Path

import pytest

from longlag.records.store import Store
from longlag.runs.config import Config, resolve
from longlag.studies.study import Ids, Study
from longlag.studies.sweeper import STRIKES, StudyRunner, conclude, interrupted


@functools.cache
def composed(*overrides: str) -> Config:
    return resolve(overrides)


class Worker:
    """Launches jobs that write a record at once; `mishap(config)` may do something else first."""

    def __init__(self, store: Store, mishap=lambda config: None) -> None:
        self.store, self.mishap, self.launched = store, mishap, []

    def __call__(self, batch: list[list[str]]) -> None:
        for overrides in batch:
            config = composed(*overrides)
            self.launched.append(config.id)
            if self.mishap(config):
                self.store.fail(config.id, config.command, "ValueError: broken", "Traceback")
                continue
            lr = config.values.optim.lr
            record = {
                "schema": 1,
                "id": config.id,
                "status": "finished",
                "score": "mse",
                "directions": {"mse": "min"},
                "metrics": {"validation": {"mse": abs(lr - 0.003)}},
                "solved": None,
                "config": config.scientific,
            }
            self.store.save(record, [], {})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "tiny")


def study(cells=("lstm", "gru")) -> Study:
    return Study("tiny", "t", "q", list(cells), {"adding": []}, [0.003, 0.01], [100], [0, 1, 2])


def sweep(store: Store, worker: Worker, one: Study | None = None) -> dict:
    StudyRunner(one or study(), store, Ids(None), worker).run()
    return json.loads((store.folder / "plan.json").read_text())


def test_both_stages_run_and_the_plan_says_what_was_chosen(store):
    worker = Worker(store)
    plan = sweep(store, worker)
    assert [(s["name"], len(s["ids"])) for s in plan["stages"]] == [("tune", 4), ("final", 6)]
    assert [c["overrides"] for c in plan["chosen"]] == [["optim.lr=0.003"]] * 2
    assert len(worker.launched) == len(set(worker.launched)) == 10
    assert all(store.has(i) for s in plan["stages"] for i in s["ids"])


def test_a_second_sweep_launches_nothing(store):
    sweep(store, Worker(store))
    again = Worker(store)
    plan = sweep(store, again)
    assert again.launched == [] and plan["failed"] == []


def test_only_what_is_missing_is_launched(store):
    sweep(store, Worker(store), study(("lstm",)))
    worker = Worker(store)
    sweep(store, worker)
    assert len(worker.launched) == 5
    assert all(i.startswith("gru") for i in worker.launched)


def test_a_broken_point_is_named_and_the_others_go_on(store):
    worker = Worker(store, mishap=lambda c: c.values.seed == 1 and c.names["cell"] == "gru")
    plan = sweep(store, worker)
    assert [f["error"] for f in plan["failed"]] == ["ValueError: broken"]
    assert "cell=gru" in plan["failed"][0]["command"] and "seed=1" in plan["failed"][0]["command"]
    assert len(worker.launched) == 10  # each once: a failure is not tried again in the same sweep
    healed = Worker(store)
    assert sweep(store, healed)["failed"] == []
    assert len(healed.launched) == 1  # but it is in the next


def killing(store: Store, kills):
    """A mishap: the worker is killed with this run under way, and so leaves its mark."""

    def mishap(config):
        if kills(config):
            (store.partial / f"{config.id}.running-999999999").touch()
            raise RuntimeError("a worker was killed")

    return mishap


def test_a_killed_worker_ends_neither_the_sweep_nor_the_other_runs(store):
    died: list[str] = []

    def first(config) -> bool:
        if config.values.seed == 2 and not died:
            died.append(config.id)
            return True
        return False

    plan = sweep(store, Worker(store, killing(store, first)))
    assert died and plan["failed"] == []


@pytest.mark.parametrize("seed", [100, 0, 2])
def test_only_the_run_that_kills_its_worker_every_time_is_given_up(store, seed: int):
    worker = Worker(store, killing(store, lambda c: c.values.seed == seed))
    plan = sweep(store, worker)
    assert len(plan["failed"]) == (4 if seed == 100 else 2)
    assert all(f"{STRIKES} times" in f["error"] for f in plan["failed"])
    assert all(f"seed={seed}" in f["command"] for f in plan["failed"])
    ids = [i for stage in plan["stages"] for i in stage["ids"]]
    assert {i for i in ids if not store.has(i)} == {f["id"] for f in plan["failed"]}
    assert all(worker.launched.count(f["id"]) == STRIKES for f in plan["failed"])


def test_a_launcher_that_never_starts_anything_ends_and_says_so(store):
    def broken(batch):
        raise FileNotFoundError("sbatch")

    StudyRunner(study(), store, Ids(None), broken).run()
    plan = json.loads((store.folder / "plan.json").read_text())
    assert len(plan["failed"]) == 10
    assert all("FileNotFoundError" in f["error"] for f in plan["failed"])


def test_ctrl_c_is_not_taken_for_a_killed_worker(store):
    launches = []

    def stopped(batch):
        launches.append(batch)
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise RuntimeError("cannot clean up") from None  # as a launcher may

    with pytest.raises(RuntimeError, match="clean up") as error:
        StudyRunner(study(), store, Ids(None), stopped).run()
    assert len(launches) == 1 and interrupted(error.value)
    assert store.failures() == {}


def test_a_run_that_ends_without_a_word_is_named(store):
    StudyRunner(study(("lstm",)), store, Ids(None), lambda batch: None).run()
    plan = json.loads((store.folder / "plan.json").read_text())
    assert all("without a record" in f["error"] for f in plan["failed"])
    assert len(plan["failed"]) == 5


def test_the_plan_is_written_again_if_it_was_lost_and_left_alone_if_not(store):
    plan, path = sweep(store, Worker(store)), store.folder / "plan.json"
    before = path.stat().st_mtime_ns
    assert conclude(study(), store, Ids(None)) == plan
    assert path.stat().st_mtime_ns == before
    path.unlink()
    conclude(study(), store, Ids(None))
    assert json.loads(path.read_text()) == plan


def test_a_failure_of_an_earlier_form_of_the_study_is_not_this_ones(store):
    sweep(store, Worker(store, mishap=lambda c: c.names["cell"] == "gru"))
    assert len(conclude(study(), store, Ids(None))["failed"]) == 5
    assert conclude(study(("lstm",)), store, Ids(None))["failed"] == []


def test_where_every_trial_of_a_cell_fails_its_final_runs_still_have_a_rate(store):
    plan = sweep(store, Worker(store, mishap=lambda c: c.names["cell"] == "gru"))
    chosen = {c["cell"]: c["overrides"] for c in plan["chosen"]}
    assert chosen == {"lstm": ["optim.lr=0.003"], "gru": ["optim.lr=0.003"]}
    assert [t["value"] for c in plan["chosen"] if c["cell"] == "gru" for t in c["trials"]] == [
        None,
        None,
    ]
