"""A cell climbs until it falls off twice in a row, and a rung stops where nothing can change it."""

import pytest

from longlag.errors import LonglagError
from longlag.studies.search import Ended, plan_ladder, rungs_to_go
from longlag.studies.study import Study

RUNGS = [5, 10, 20, 50, 100, 200]
GRID = [0.001, 0.003, 0.01, 0.03]


def study(**more) -> Study:
    basis = {"grid": GRID, "tuning_seeds": [100], "seeds": [0, 1, 2, 3, 4]}
    ladders = {"ladders": {"adding": RUNGS}}
    return Study("s", "", "", ["rnn"], {"adding": []}, **{**basis, **ladders, **more})


def climb(solves, best=lambda T: 0.01, one: Study | None = None):
    """The whole search of a cell that `solves(T, seed)`, best at the rate `best(T)`."""

    def ended(point):
        T = point.place.length
        return Ended((1.0, abs(point.lr - best(T))), solves(T, point.seed))

    return plan_ladder(one or study(), "rnn", "adding", ended)


def test_the_search_ends_after_two_rungs_in_a_row_that_fail():
    rungs = climb(lambda T, seed: T in (5, 20))
    assert [(r.place.length, r.held) for r in rungs] == [
        (5, True), (10, False), (20, True), (50, False), (100, False),
    ]  # fmt: skip
    assert rungs_to_go(study(), "adding", rungs) == 0


def test_a_cell_that_fails_nothing_climbs_to_the_top():
    rungs = climb(lambda T, seed: True)
    assert [r.place.length for r in rungs] == RUNGS and all(r.held for r in rungs)
    assert rungs_to_go(study(), "adding", rungs) == 0


@pytest.mark.parametrize(
    ("failing", "run", "held"),
    [
        ([], 5, True),
        ([4], 5, True),
        ([0], 5, True),
        ([0, 4], 5, False),  # decided by the last seed alone
        ([0, 1], 3, False),  # the rest cannot change it
        ([0, 1, 2], 3, False),
        ([3, 4], 5, False),
    ],
)
def test_a_rung_stops_early_only_where_its_other_seeds_cannot_change_it(failing, run, held):
    rung = climb(lambda T, seed: seed not in failing)[0]
    assert [p.seed for p in rung.final] == [0, 1, 2, 3, 4][:run]
    assert rung.held == held == (5 - len(failing) >= 4)


def test_the_first_rung_tries_every_rate_and_each_further_one_the_same_number():
    rungs = climb(lambda T, seed: True, best=lambda T: 0.03 if T < 20 else 0.003)
    assert [p.lr for p in rungs[0].trials] == GRID
    assert all(len(r.trials) == study().trials_on_a_rung == 3 for r in rungs[1:])
    assert [r.chosen for r in rungs] == [0.03, 0.03, 0.003, 0.003, 0.003, 0.003]
    assert [p.lr for p in rungs[2].trials] == [0.003, 0.01, 0.03]  # around the rung before
    assert [p.lr for p in rungs[3].trials] == [0.001, 0.003, 0.01]


def test_every_tuning_seed_tries_as_many_rates_on_each_further_rung():
    one = study(tuning_seeds=[100, 101])
    for best in GRID:
        rungs = climb(lambda T, seed: True, lambda T, best=best: best, one)
        assert [len(set(r.trials)) for r in rungs] == [one.trials] + [one.trials_on_a_rung] * 5


def test_nothing_of_a_rung_is_due_before_the_one_below_is_decided():
    def ended(point):
        done = point.place.length == 5 or point.seed == 100
        return Ended((1.0, 0.0), True) if done else None

    below, now = plan_ladder(study(), "rnn", "adding", ended)
    assert below.held and now.held is None
    assert [p.seed for p in now.final] == [0, 1, 2]
    assert rungs_to_go(study(), "adding", [below, now]) == 1  # if this one fails


@pytest.mark.parametrize(
    "ladders",
    [{"adding": []}, {"adding": [5, 5]}, {"adding": [9, 5]}, {"adding": [0]}, {"copy": [5]}, [5]],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(ladders):
    with pytest.raises(LonglagError, match="ladders must be"):
        study(ladders=ladders)
