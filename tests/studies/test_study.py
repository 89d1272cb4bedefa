"""Every cell gets the same trials, and what is chosen is chosen on validation."""

from collections import Counter

import pytest

from longlag.errors import LonglagError
from longlag.runs.config import resolve
from longlag.studies.study import Ids, Study, choose, estimate, study_of


def study(**more) -> Study:
    basis = {
        "name": "s",
        "title": "",
        "question": "",
        "cells": ["rnn", "lstm"],
        "tasks": {"adding": ["task.length=20"], "copy": []},
        "grid": [0.01, 0.001],
        "tuning_seeds": [100, 101],
        "seeds": [0, 1, 2],
    }
    return Study(**{**basis, **more})


def record(score=0.5, step=None, status="finished", direction="min", lr=0.01) -> dict:
    return {
        "names": {"cell": "lstm", "task": "adding"},
        "status": "solved" if step else status,
        "score": "mse",
        "directions": {"mse": direction},
        "metrics": {"validation": {"mse": score}, "test": {"mse": -100.0}},
        "solved": {"met": step is not None, "step": step},
        "config": {"trainer": {"max_steps": 100}, "optim": {"lr": lr}},
        "seconds": {"train": 3.0, "setup": 1.0},
    }


def test_every_cell_gets_the_same_number_of_trials_of_the_same_rates():
    trials = study().tuning()
    for task in ("adding", "copy"):
        seen = [
            Counter((p.lr, p.seed) for p in trials if (p.cell, p.task) == (cell, task))
            for cell in ("rnn", "lstm")
        ]
        assert seen[0] == seen[1]
        assert seen[0].total() == 4


def test_final_runs_use_the_chosen_rate_and_none_of_the_tuning_seeds():
    one = study()
    chosen = {pair: lr for pair, lr in zip(one.pairs, (1.0, 2.0, 3.0, 4.0), strict=True)}
    final = one.final(chosen)
    assert len(final) == 2 * 2 * 3
    assert all(p.lr == chosen[p.cell, p.task] for p in final)
    assert not {p.seed for p in final} & set(one.tuning_seeds)


def test_a_seed_for_tuning_and_for_the_result_is_refused():
    with pytest.raises(LonglagError, match=r"seeds \[2\] are used for tuning"):
        study(tuning_seeds=[2])


@pytest.mark.parametrize("what", ["cells", "tasks", "grid", "seeds"])
def test_an_empty_study_is_refused(what):
    with pytest.raises(LonglagError, match=f"{what} must not be empty"):
        study(**{what: []})


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([(0.1, record(0.5)), (0.2, record(0.4))], 0.2),  # smaller error
        ([(0.1, record(0.5, direction="max")), (0.2, record(0.4, direction="max"))], 0.1),
        ([(0.1, record(0.001, step=90)), (0.2, record(0.009, step=50))], 0.2),  # sooner
        ([(0.1, record(0.001)), (0.2, record(0.009, step=100))], 0.1),  # at the very end: a tie
        ([(0.1, record(0.001, status="diverged")), (0.2, record(0.9))], 0.2),
        ([(0.1, None), (0.2, record(0.9))], 0.2),
        ([(0.2, record(0.4)), (0.1, record(0.4))], 0.1),  # a tie: the smaller rate
        ([(0.1, record(0.1)), (0.1, record(0.9)), (0.2, record(0.4)), (0.2, record(0.4))], 0.2),
        ([(0.1, None), (0.2, None)], None),
    ],
)
def test_the_rate_that_solves_soonest_or_else_scores_best_on_validation_is_chosen(trials, best):
    assert choose(trials) == best


def test_the_estimate_goes_by_like_runs_before_any_run():
    points = study().tuning()
    assert estimate(points[:1], [record()]) == pytest.approx(4.0)
    assert estimate(points, []) > 0


def test_ids_are_those_of_the_command_line_and_are_composed_once(monkeypatch):
    points, ids = study().tuning(), Ids(None)
    found = ids.of(points)
    assert len(found) == len(points)
    for run_id, point in list(found.items())[::5]:
        assert resolve(point.overrides).id == run_id
    monkeypatch.setattr("longlag.studies.study.variants", None)  # would be called to compose
    assert ids.of(points) == found


def test_the_studies_of_conf_are_whole_and_the_command_line_holds_for_every_run():
    for name in ("bench", "smoke"):
        one = study_of(resolve([f"study={name}", "trainer.clip=0.5", "study.seeds=[7]"]))
        assert one.seeds == [7]
        assert all("trainer.clip=0.5" in p.overrides for p in one.tuning())
        assert not any(o.startswith("study") for p in one.tuning() for o in p.overrides)
    with pytest.raises(LonglagError, match="which study"):
        study_of(resolve([]))
