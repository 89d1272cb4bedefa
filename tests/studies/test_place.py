"""One cell goes through a study's protocol: what tells most runs first, within the time it has."""

import functools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from longlag.errors import LonglagError
from longlag.records.reader import read_runs
from longlag.records.record import Criterion, Metrics, Question
from longlag.records.store import Store
from longlag.runs.config import Template, template
from longlag.studies import templates
from longlag.studies.placing import Budget, place_study
from longlag.studies.plan import StudyPlan
from longlag.studies.runner import Runner
from longlag.studies.study import Study
from some_record import some_record

TASKS = {"adding": [], "parity": [], "digits": []}
LADDERS = {"adding": [10, 20], "parity": [5, 10]}
SECONDS = 10.0  # that a run takes for every step of its sequences
SETTINGS = ["match=none", "model.hidden_size=3", "trainer.max_steps=50", "logger=none"]


@pytest.fixture(autouse=True)
def composed_once(monkeypatch: pytest.MonkeyPatch):
    """The same templates again and again: composing them is slow."""
    monkeypatch.setattr(templates, "template", lambda o, d, n: cached(tuple(o)))


@functools.cache
def cached(overrides: tuple[str, ...]) -> Template:
    return template(overrides, None, {"study": "place-gru"})


class FakeExecutor:
    """Records that a run solved its task at once, and lets the time of a run pass."""

    workers, ahead, patience = 1, 0, float("inf")

    def __init__(self, store: Store, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.store, self.meanwhile, self.seconds = store, meanwhile, 0.0
        self.started: list[tuple[str, int | None]] = []

    def submit(self, function, config, root, study, run_id) -> Future:
        self.meanwhile()
        length = config.plain["task"].get("length")
        self.started.append((config.names["task"], length))
        took = SECONDS * (length or 64)
        self.seconds += took
        rule = Criterion("mse", 0.01, "longlag's own", met=True, step=10)
        record = some_record(
            id=config.id,
            names=config.names,
            config=config.scientific,
            seed=config.values.seed,
            task=Question(length=length),
            metrics=Metrics({"mse": config.values.optim.lr}),
            seconds={"train": took},
            solved=None if length is None else rule,
        )
        self.store.save(record, [], {})
        future: Future = Future()
        future.set_result("done")
        return future

    def stop(self) -> None:
        pass


def everyone(**more) -> Study:
    basis = {"grid": [0.001, 0.01], "tuning_seeds": [100], "seeds": [0, 1], "settings": SETTINGS}
    tasks = {"tasks": TASKS, "ladders": LADDERS, "cells": ["rnn", "lstm"]}
    return Study(**{"name": "atlas", "title": "t", "question": "q", **tasks, **basis, **more})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path, "place-gru")
    found.prepare()
    return found


def go_on(store: Store, minutes: float = float("inf"), meanwhile=lambda: None) -> FakeExecutor:
    """Run what is missing of the GRU, on a clock that the fake runs move."""
    plan = StudyPlan(place_study(everyone(), "gru"), store)
    executor = FakeExecutor(store, meanwhile)
    budget = Budget(plan, 60 * minutes, now=lambda: executor.seconds)
    Runner(store, executor, plan.then, budget.pick).run(plan.first())
    return executor


def blocks(started: list) -> list:
    """What was started, without the repetitions of seeds and rates."""
    return [one for before, one in zip([None, *started], started, strict=False) if one != before]


ORDER = [("parity", 5), ("adding", 10), ("parity", 10), ("adding", 20), ("digits", None)]


def test_a_cell_gets_the_protocol_of_the_study_under_a_name_of_its_own():
    own, study = place_study(everyone(), "gru"), everyone()
    assert (own.name, own.cells) == ("place-gru", ["gru"])
    same = ("tasks", "ladders", "grid", "tuning_seeds", "seeds", "settings", "intended_models")
    assert all(getattr(own, name) == getattr(study, name) for name in same)
    assert place_study(everyone(name="other"), "gru").name == "place-gru-other"


def test_a_part_of_the_tasks_keeps_their_ladders():
    own = place_study(everyone(), "gru", ["parity", "digits"])
    assert (list(own.tasks), own.ladders) == (["parity", "digits"], {"parity": [5, 10]})


@pytest.mark.parametrize(
    ("study", "tasks", "says"),
    [
        (everyone(ladders={}), (), "climbs no ladder of lengths"),
        (everyone(), ["party"], "did you mean 'parity'"),
    ],
)
def test_what_cannot_place_a_cell_is_refused(study, tasks, says: str):
    with pytest.raises(LonglagError, match=says):
        place_study(study, "gru", tasks)


def test_low_rungs_come_first_then_cheap_runs_and_scores_last(store):
    go_on(store)
    plan = StudyPlan(place_study(everyone(), "rnn"), Store(store.root, "place-rnn"))
    plan.alike = read_runs(store.folder)[0]
    plan.store.prepare()
    executor = FakeExecutor(plan.store)
    Runner(plan.store, executor, plan.then, Budget(plan).pick).run(plan.first())
    assert blocks(executor.started) == ORDER


def test_no_run_starts_when_the_time_is_used_up_and_the_next_call_goes_on(store):
    first = go_on(store, minutes=5)
    assert 0 < len(first.started) < 20
    assert first.seconds - SECONDS * 20 <= 5 * 60 <= first.seconds  # the last run alone overran
    summary = StudyPlan(place_study(everyone(), "gru"), store).conclude()
    assert [entry["decided"] for entry in summary["ladders"]] == [False, False]
    second = go_on(store)
    assert len(first.started) + len(second.started) == len(list(store.folder.glob("gru-*")))
    summary = StudyPlan(place_study(everyone(), "gru"), store).conclude()
    assert [entry["decided"] for entry in summary["ladders"]] == [True, True]
    assert go_on(store).started == []


def test_a_choice_waits_for_a_free_worker(store):
    hanging: list[Future] = []

    class Slow(FakeExecutor):
        workers = 2

        def submit(self, *arguments):
            future = super().submit(*arguments)
            hanging.append(future)
            return future

    plan = StudyPlan(place_study(everyone(), "gru"), store)
    runner = Runner(store, Slow(store), plan.then, Budget(plan).pick)
    runner.add(plan.first())
    runner.start_due()
    assert len(hanging) == len(runner.pending) == 2 and len(runner.due) == 4


def test_ctrl_c_leaves_whole_records_and_the_next_call_goes_on(store):
    count = 0

    def third():
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go_on(store, meanwhile=third)
    assert len(list(store.folder.glob("gru-*/record.json"))) == 2
    assert len(go_on(store).started) == 20 - 2


def test_nothing_is_written_into_the_folder_of_the_study(store):
    atlas = Store(store.root, "atlas")
    atlas.prepare()
    go_on(atlas)
    before = {path: path.stat().st_mtime_ns for path in atlas.folder.rglob("*")}
    assert go_on(store).started == []  # the same runs: their records are copied
    assert {path: path.stat().st_mtime_ns for path in atlas.folder.rglob("*")} == before


def test_under_a_budget_of_a_study_every_cell_has_as_many_seeds_at_any_stop(tmp_path: Path):
    study = everyone(cells=["rnn", "gru", "lstm"], seeds=[0, 1, 2, 3], ladders={})
    for stop in (20, 26, 33, 41, 54):
        store = Store(tmp_path / str(stop), "atlas")
        store.prepare()
        plan, executor = StudyPlan(study, store), FakeExecutor(store)
        budget = Budget(plan, stop, lambda executor=executor: len(executor.started), evenly=True)
        Runner(store, executor, plan.then, budget.pick).run(plan.first())
        final = [run for run in plan.recorded() if run.seed in study.seeds]
        found = Counter((run.cell, run.task) for run in final)
        counts = [found[pair] for pair in plan.known]
        assert len(executor.started) == stop and sum(counts) == stop - 18
        assert max(counts) - min(counts) <= 1
