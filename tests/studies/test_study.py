"""Every cell gets the same trials, what is chosen is chosen on validation, and the user wins."""

from collections import Counter

import pytest

from longlag.errors import LonglagError
from longlag.records.claim import read_claim
from longlag.records.record import Criterion, Metrics
from longlag.records.run import Run
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.studies.claim import study_of_claim
from longlag.studies.plan import StudyPlan
from longlag.studies.search import FAILED, best_learning_rate, plan_place, validation_rank
from longlag.studies.study import Place, Study, pick_tasks, study_of
from some_record import some_run

GRID = [0.0001, 0.001, 0.01, 0.1, 1.0]
RNN = Place("rnn", "adding")


def study(**more) -> Study:
    basis = {
        "name": "s",
        "title": "",
        "question": "",
        "cells": ["rnn", "lstm"],
        "tasks": {"adding": ["task.length=20"], "copy": []},
        "grid": GRID,
        "tuning_seeds": [100, 101],
        "seeds": [0, 1, 2],
    }
    return Study(**{**basis, **more})


def record(score=0.5, step=None, status="finished", direction="min") -> Run:
    return some_run(
        status="solved" if step else status,
        directions={"mse": direction},
        metrics=Metrics({"mse": score}, {"mse": -100.0}),
        solved=Criterion("mse", 0.01, "longlag's own", met=step is not None, step=step),
    )


def searched(best: float, one: Study | None = None, **more):
    """The whole search where a run is better the nearer its rate is to `best`."""
    return plan_place(one or study(**more), RNN, lambda p: (1.0, abs(p.lr - best)))


@pytest.mark.parametrize("best", GRID)
def test_every_cell_gets_the_same_number_of_trials_wherever_its_optimum_lies(best: float):
    plan = searched(best)
    assert plan.chosen == best
    assert len(plan.trials) == study().trials == 8
    assert len(set(plan.trials)) == 8
    assert Counter(p.seed for p in plan.trials) == {100: 5, 101: 3}


def test_final_runs_use_the_chosen_rate_and_none_of_the_tuning_seeds():
    plan = searched(0.01)
    assert [p.seed for p in plan.final] == [0, 1, 2]
    assert {p.lr for p in plan.final} == {0.01}
    assert not {p.seed for p in plan.final} & {p.seed for p in plan.trials}


def test_nothing_further_is_known_before_the_trials_have_ended():
    plan = plan_place(study(), RNN, lambda p: None)
    assert [p.lr for p in plan.trials] == GRID and plan.chosen is None and not plan.final
    half = plan_place(study(), RNN, lambda p: None if p.seed == 101 else FAILED)
    assert len(half.trials) == 8 and half.chosen is None and not half.final


@pytest.mark.parametrize(("best", "bracketed"), [(0.0001, False), (0.01, True), (1.0, False)])
def test_a_choice_at_the_edge_of_the_grid_is_not_bracketed(best: float, bracketed: bool):
    assert searched(best).bracketed == bracketed
    assert searched(best, tuning_seeds=[100]).bracketed == bracketed


def test_a_choice_whose_neighbour_is_as_good_is_not_bracketed():
    plan = plan_place(study(), RNN, lambda p: (1.0, 0.0))
    assert plan.chosen == 0.0001 and not plan.bracketed
    flat = plan_place(study(), RNN, lambda p: (1.0, float(p.lr < 0.01)))
    assert flat.chosen == 0.01 and not flat.bracketed


def test_the_second_seed_can_change_the_choice():
    def rank(point):
        lucky = point.seed == 100 and point.lr == 0.01
        return (1.0, 0.1 if lucky else 0.2 if point.lr == 0.1 else 5.0)

    assert plan_place(study(), RNN, rank).chosen == 0.1


def test_a_grid_of_two_rates_is_tried_whole_on_every_seed():
    plan = searched(0.1, grid=[0.1, 0.01])
    assert len(plan.trials) == study(grid=[0.1, 0.01]).trials == 4


@pytest.mark.parametrize(
    ("ranks", "best"),
    [
        ([(0.1, record(0.5)), (0.2, record(0.4))], 0.2),  # smaller error
        ([(0.1, record(0.5, direction="max")), (0.2, record(0.4, direction="max"))], 0.1),
        ([(0.1, record(0.001, step=90)), (0.2, record(0.009, step=50))], 0.2),  # sooner
        ([(0.1, record(0.001)), (0.2, record(0.009, step=100))], 0.1),  # at the very end: a tie
        ([(0.1, record(0.001, status="diverged")), (0.2, record(0.9))], 0.2),
        ([(0.1, None), (0.2, record(0.9, status="diverged"))], 0.2),  # failed
        ([(0.2, record(0.4)), (0.1, record(0.4))], 0.1),  # a tie: the smaller rate
        ([(0.1, record(0.1)), (0.1, record(0.9)), (0.2, record(0.4)), (0.2, record(0.4))], 0.2),
    ],
)
def test_the_rate_that_solves_soonest_or_else_scores_best_on_validation_is_chosen(ranks, best):
    by_rate: dict[float, list] = {}
    for rate, found in ranks:
        rank = FAILED if found is None else validation_rank(found)
        by_rate.setdefault(rate, []).append(rank)
    assert best_learning_rate(by_rate) == best


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tuning_seeds": [2]}, r"seeds \[2\] are used for tuning"),
        ({"cells": []}, "cells must not be empty"),
        ({"tasks": {}}, "tasks must not be empty"),
        ({"grid": []}, "grid must not be empty"),
        ({"seeds": []}, "seeds must not be empty"),
        ({"tasks": ["a", "b"]}, "tasks must name each task with a list"),
        ({"cells": "rnn"}, "cells must be a list"),
        ({"seeds": [0, "x"]}, "seeds must be whole numbers"),
        ({"seeds": [0.5]}, "seeds must be whole numbers"),
        ({"seeds": [0, 0]}, "seeds must be different"),
        ({"grid": ["abc"]}, "grid must be learning rates above 0"),
        ({"grid": [-1]}, "grid must be learning rates above 0"),
        ({"grid": [float("nan")]}, "grid must be learning rates above 0"),
        ({"examine": "perhaps"}, "examine must be true or false"),
    ],
)
def test_a_study_that_cannot_be_run_is_refused_in_one_line(more, said):
    with pytest.raises(LonglagError, match=said) as error:
        study(**more)
    assert "\n" not in str(error.value)


def test_the_command_line_wins_over_the_studys_own_settings():
    one = study_of(["study=bench", "trainer.max_steps=50", "task=digits", "trainer.clip=7"])
    point = one.point(Place("rnn", "digits"), 0.1, 0)
    config = resolve(point.overrides)
    assert config.values.trainer.max_steps == 50
    assert config.values.trainer.clip == 7
    assert (config.values.optim.lr, config.values.seed) == (0.1, 0)


@pytest.mark.parametrize("study", ["study=smoke", "study=atlas"])
def test_what_goes_with_a_run_and_moves_no_number_reaches_it(study, tmp_path):
    words = ["checkpoint.steps=20", "checkpoint.seconds=null", "logger=none", "results=mine"]
    one = study_of([study, *words])
    plan = StudyPlan(one, Store(tmp_path, one.name))
    claim = study_of_claim(read_claim("vanish-rnn"), words)
    of_claim = StudyPlan(claim, Store(tmp_path, claim.name)).first()[0]
    for found in (plan.first()[0], of_claim):
        assert found.plain["checkpoint"] == {"seconds": None, "steps": 20}
        assert found.plain["results"] == "mine"
    plain = StudyPlan(study_of([study]), Store(tmp_path, one.name)).first()[0]
    assert plain.id == plan.first()[0].id


def test_what_the_study_holds_is_set_by_its_own_keys_and_never_reaches_a_run():
    one = study_of(["study=bench", "trainer.clip=0.5", "study.seeds=[7]", "study.grid=[0.5]"])
    assert (one.seeds, one.grid) == ([7], [0.5])
    point = one.point(Place("rnn", "digits"), 0.5, 7)
    assert "trainer.clip=0.5" in point.overrides
    assert not any(o.startswith("study") for o in point.overrides)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optim.lr=0.5"], r"study.grid=\[0.5\]"),
        (["seed=5"], r"study.seeds=\[5\]"),
        (["seeds.init=5"], r"study.seeds=\[5\]"),
        (["task=copy_selective"], "no such task"),
        (["study.tasks=[a,b]"], "names of their own"),
        (["study.colour=red"], "study.colour"),
        (["+study.colour=red"], "colour"),
        (["task=adding", "task.length=7"], r"study.ladders.adding=\[7\]"),
    ],
)
def test_what_contradicts_a_study_is_refused_with_the_key_that_does_it(words, said):
    with pytest.raises(LonglagError, match=said) as error:
        study_of(["study=bench", *words])
    assert "\n" not in str(error.value)


def test_cells_and_tasks_of_the_command_line_pick_among_the_studys():
    assert study_of(["study=smoke", "cell=gru"]).cells == ["gru"]
    assert study_of(["study=smoke", "cell=gru,mgu"]).cells == ["gru", "mgu"]
    twice = study(tasks={"reber@1": [], "reber@2": [], "copy": []})
    assert list(pick_tasks(twice, ["reber"])) == ["reber@1", "reber@2"]
    assert list(pick_tasks(twice, ["reber@2", "copy"])) == ["reber@2", "copy"]
    one = study_of(["study=bench", "task=digits,adding"])
    assert list(one.tasks) == ["digits", "adding"] and list(one.ladders) == ["adding"]
    words = ["study=bench", "+study.tasks.reber=[]", "task=reber"]
    assert study_of(words).tasks == {"reber": []}


def test_no_study_is_a_question():
    with pytest.raises(LonglagError, match="which study"):
        study_of([])
