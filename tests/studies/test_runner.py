"""A study survives what happens to it: the logic, on an executor that misbehaves on purpose."""

import functools
import json
from collections import Counter
from concurrent.futures import BrokenExecutor, Future
from dataclasses import replace
from pathlib import Path

import pytest

from longlag.errors import LonglagError
from longlag.records.record import Criterion, Metrics, Record
from longlag.records.store import Store
from longlag.runs.config import Config, Template, template
from longlag.studies import templates
from longlag.studies.pace import seconds_left, to_go
from longlag.studies.plan import StudyPlan
from longlag.studies.runner import STRIKES, Runner
from longlag.studies.study import Study
from some_record import some_record


@pytest.fixture(autouse=True)
def composed_once(monkeypatch: pytest.MonkeyPatch):
    """The same templates again and again: composing them is slow."""
    monkeypatch.setattr(templates, "template", lambda o, d, n: cached(tuple(o)))


@functools.cache
def cached(overrides: tuple[str, ...]) -> Template:
    return template(overrides, None, {"study": "tiny"})


def record_of(config: Config) -> Record:
    score = Metrics({"mse": abs(config.values.optim.lr - 0.003)})
    more = {"names": config.names, "config": config.scientific, "seconds": {"train": 1.0}}
    return some_record(id=config.id, metrics=score, **more)


class FakeExecutor:
    """Writes a record at once; `mishap(config)` may raise, or have the run fail, instead."""

    workers, ahead, patience = 1, 100, float("inf")

    def __init__(self, store: Store, mishap=lambda config: None) -> None:
        self.store, self.mishap, self.started, self.stops = store, mishap, [], 0

    def submit(self, function, config, root, study, run_id):
        self.started.append(run_id)
        future: Future = Future()
        try:
            if self.mishap(config):
                self.store.fail(run_id, config.command, "ValueError: broken", "Traceback")
                future.set_result("failed")
            else:
                self.store.save(record_of(config), [], {})
                future.set_result("done")
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path, "tiny")
    found.prepare()
    return found


def study(cells=("lstm", "gru"), **more) -> Study:
    basis = {"grid": [0.001, 0.003, 0.01], "tuning_seeds": [100], "seeds": [0, 1]}
    return Study("tiny", "t", "q", list(cells), {"adding": []}, **{**basis, **more})


def run(store: Store, executor: FakeExecutor, one: Study | None = None) -> dict:
    plan = StudyPlan(one or study(), store)
    plan.forget_failures()
    Runner(store, executor, plan.then).run(plan.first())
    return plan.conclude()


def test_both_stages_run_and_the_plan_says_what_was_chosen(store):
    executor = FakeExecutor(store)
    plan = run(store, executor)
    assert [(s["name"], len(s["ids"])) for s in plan["stages"]] == [("tune", 6), ("final", 4)]
    assert [c["overrides"] for c in plan["chosen"]] == [["optim.lr=0.003"]] * 2
    assert [c["bracketed"] for c in plan["chosen"]] == [True, True]
    assert len(executor.started) == len(set(executor.started)) == 10
    assert all(store.has(i) for s in plan["stages"] for i in s["ids"])
    assert executor.stops == 1


@pytest.mark.parametrize("more", [{}, {"tune": False, "tuning_seeds": []}])
def test_the_time_to_go_falls_to_nothing_as_the_runs_end(store, more):
    plan, left = StudyPlan(study(**more), store), []

    def then(run_id):
        due = plan.then(run_id)
        left.append(to_go(plan, plan.known)[:2])
        return due

    Runner(store, FakeExecutor(store), then).run(plan.first())
    assert [runs - done for runs, done in left] == [*range(len(left) - 1, -1, -1)]
    assert seconds_left(plan) == 0 and len(plan.runs) == len(left)


def test_a_second_call_starts_nothing(store):
    run(store, FakeExecutor(store))
    again = FakeExecutor(store)
    assert run(store, again)["failed"] == [] and again.started == []
    runner = Runner(store, again)
    runner.run(StudyPlan(study(), store).first())
    assert runner.found == runner.ended and len(runner.ended) == 10


def test_only_what_is_missing_is_started(store):
    run(store, FakeExecutor(store), study(("lstm",)))
    executor = FakeExecutor(store)
    run(store, executor)
    assert len(executor.started) == 5 and all(i.startswith("gru") for i in executor.started)


def test_the_seeds_of_a_cell_start_when_its_own_trials_are_done(store):
    """No barrier: the LSTM's seeds run while a trial of the GRU still does."""
    hanging: list[Future] = []

    class Slow(FakeExecutor):
        def submit(self, function, config, root, study, run_id):
            if config.names["cell"] == "gru" and not hanging:
                hanging.append(Future())
                self.started.append(run_id)
                return hanging[0]
            if config.names["cell"] == "lstm" and config.values.seed == 1 and hanging:
                hanging[0].set_exception(RuntimeError("over"))
            return super().submit(function, config, root, study, run_id)

    executor = Slow(store)
    assert run(store, executor)["failed"] == []
    assert len(executor.started) == 11


def test_a_broken_run_is_named_and_the_others_go_on(store):
    executor = FakeExecutor(store, lambda c: c.values.seed == 1 and c.names["cell"] == "gru")
    plan = run(store, executor)
    assert [f["error"] for f in plan["failed"]] == ["ValueError: broken"]
    assert "cell=gru" in plan["failed"][0]["command"] and "seed=1" in plan["failed"][0]["command"]
    assert len(executor.started) == 10  # each once: a failure is not tried again in the same call
    healed = FakeExecutor(store)
    assert run(store, healed)["failed"] == []
    assert len(healed.started) == 1  # but it is in the next


def dying(kills):
    """A mishap: the worker of this run is killed."""

    def mishap(config):
        if kills(config):
            raise RuntimeError("exit code -9")

    return mishap


def test_a_killed_worker_ends_neither_the_study_nor_its_run(store):
    died: list[str] = []

    def first(config) -> bool:
        if config.values.seed == 1 and not died:
            died.append(config.id)
            return True
        return False

    executor = FakeExecutor(store, dying(first))
    assert run(store, executor)["failed"] == []
    assert len(executor.started) == 11 and executor.started.count(died[0]) == 2


@pytest.mark.parametrize("seed", [100, 0])
def test_only_the_run_that_kills_its_worker_every_time_is_given_up(store, seed: int):
    executor = FakeExecutor(store, dying(lambda c: c.values.seed == seed))
    plan = run(store, executor)
    assert len(plan["failed"]) == (6 if seed == 100 else 2)
    assert all(f"{STRIKES} times" in f["error"] for f in plan["failed"])
    assert all(f"seed={seed}" in f["command"] for f in plan["failed"])
    ids = [i for stage in plan["stages"] for i in stage["ids"]]
    assert {i for i in ids if not store.has(i)} == {f["id"] for f in plan["failed"]}
    assert all(executor.started.count(f["id"]) == STRIKES for f in plan["failed"])


def test_workers_that_break_together_are_replaced_and_nothing_is_lost(store):
    broken: list[str] = []

    def once(config) -> None:
        if config.values.seed == 0 and not broken:
            broken.append(config.id)
            raise BrokenExecutor("all workers expired")

    executor = FakeExecutor(store, once)
    assert run(store, executor)["failed"] == []
    assert executor.stops == 2


def test_workers_that_never_start_end_the_study_in_one_line(store):
    def never(config):
        raise BrokenExecutor("no such command: sbatch")

    executor = FakeExecutor(store, never)
    with pytest.raises(LonglagError, match="cannot be started: no such command"):
        run(store, executor)
    assert store.failures() == {}


def test_ctrl_c_ends_the_workers_and_is_no_failure(store):
    def stopped(config):
        raise KeyboardInterrupt

    executor = FakeExecutor(store, stopped)
    with pytest.raises(KeyboardInterrupt):
        run(store, executor)
    assert executor.stops == 1 and store.failures() == {}


def test_the_plan_is_written_again_if_it_was_lost_and_left_alone_if_not(store):
    written, path = run(store, FakeExecutor(store)), store.folder / "plan.json"
    before = path.stat().st_mtime_ns
    assert StudyPlan(study(), store).conclude() == written
    assert path.stat().st_mtime_ns == before
    path.unlink()
    StudyPlan(study(), store).conclude()
    assert json.loads(path.read_text()) == written


def test_a_failure_of_an_earlier_form_of_the_study_is_not_this_ones(store):
    assert len(run(store, FakeExecutor(store, lambda c: c.names["cell"] == "gru"))["failed"]) == 5
    assert StudyPlan(study(("lstm",)), store).conclude()["failed"] == []


def test_where_every_trial_of_a_cell_fails_its_final_runs_still_have_a_rate(store):
    plan = run(store, FakeExecutor(store, lambda c: c.names["cell"] == "gru"))
    chosen = {c["cell"]: c["overrides"] for c in plan["chosen"]}
    assert chosen == {"lstm": ["optim.lr=0.003"], "gru": ["optim.lr=0.001"]}
    gru = [t["value"] for c in plan["chosen"] if c["cell"] == "gru" for t in c["trials"]]
    assert gru == [None] * 3


@pytest.mark.parametrize("ladders", [{}, {"adding": [5, 10, 20]}])
def test_a_plan_knows_how_many_runs_it_has_when_it_has_ended(store, ladders):
    run(store, FakeExecutor(store), one := study(ladders=ladders))
    plan = StudyPlan(one, store)
    assert (
        plan.total == len(plan.recorded()) == sum(len(s["ids"]) for s in plan.summary()["stages"])
    )


def test_the_next_rung_starts_when_its_own_cell_has_decided_the_one_below(store):
    class Climb(FakeExecutor):
        """The LSTM solves 10 steps and no more; the GRU nothing."""

        def submit(self, function, config, root, study, run_id):
            self.started.append((config.names["cell"], config.values.task.length))
            solved = config.names["cell"] == "lstm" and config.values.task.length <= 10
            rule = Criterion("mse", 0.01, "longlag's own", met=solved, step=1 if solved else None)
            self.store.save(replace(record_of(config), solved=rule), [], {})
            future: Future = Future()
            future.set_result("done")
            return future

    one = study(ladders={"adding": [5, 10, 20, 50, 100]}, seeds=[0, 1, 2, 3, 4])
    executor = Climb(store)
    plan = run(store, executor, one)
    climbed = Counter(executor.started)
    assert climbed == Counter(
        {("lstm", 5): 8, ("lstm", 10): 8, ("lstm", 20): 6, ("lstm", 50): 6}
        | {("gru", 5): 6, ("gru", 10): 6}
    )
    assert all(entry["decided"] for entry in plan["ladders"])


def test_two_tasks_that_become_the_same_are_refused(store):
    same = Study("tiny", "t", "q", ["rnn"], {"copy@1": [], "copy@2": []}, [0.1], [9], [0])
    with pytest.raises(LonglagError, match="copy@1 and copy@2 become the same runs"):
        StudyPlan(same, store)
