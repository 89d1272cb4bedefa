"""A sweep survives what happens to it: the logic, on a launcher that misbehaves on purpose."""

import json
from pathlib import Path

import pytest

from longlag.runs.config import resolve
from longlag.runs.plan import Ids, Study
from longlag.runs.store import Store
from longlag.runs.sweeper import ROUNDS, StudyRunner


class Worker:
    """Launches jobs that write a record at once; `mishap(config)` may do something else first."""

    def __init__(self, store: Store, mishap=lambda config: None) -> None:
        self.store, self.mishap, self.launched = store, mishap, []

    def __call__(self, batch: list[list[str]]) -> None:
        for overrides in batch:
            config = resolve(overrides)
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
    StudyRunner(one or study(), store, Ids(store, None), worker).run()
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


def test_a_killed_worker_ends_neither_the_sweep_nor_the_other_runs(store):
    def die_once(config):
        if config.values.seed == 2 and not died:
            died.append(config.id)
            raise RuntimeError("a worker was killed")

    died: list[str] = []
    plan = sweep(store, Worker(store, die_once))
    assert died and plan["failed"] == []


def test_a_run_that_kills_every_worker_is_given_up_and_named(store):
    def always_die(config):
        if config.values.seed == 2:
            raise RuntimeError("a worker was killed")

    plan = sweep(store, Worker(store, always_die))
    assert len(plan["failed"]) == 2
    assert all(f"died {ROUNDS} times" in f["error"] for f in plan["failed"])
    assert sum(store.has(i) for i in plan["stages"][1]["ids"]) == 4


def test_where_every_trial_of_a_cell_fails_its_final_runs_still_have_a_rate(store):
    plan = sweep(store, Worker(store, mishap=lambda c: c.names["cell"] == "gru"))
    chosen = {c["cell"]: c["overrides"] for c in plan["chosen"]}
    assert chosen == {"lstm": ["optim.lr=0.003"], "gru": ["optim.lr=0.003"]}
    assert [t["value"] for c in plan["chosen"] if c["cell"] == "gru" for t in c["trials"]] == [
        None,
        None,
    ]
