"""Memory horizons, and the interval beside them, on ladders whose answer is known."""

import numpy as np
import pytest

from longlag.stats import memory_horizon
from longlag.stats.horizon import LEVEL, half_length


def test_the_horizon_is_the_longest_length_that_enough_seeds_solve():
    solved = {50: [1, 1, 1, 1, 1], 100: [1, 1, 1, 1, 0], 200: [1, 1, 1, 0, 0], 400: [0] * 5}
    horizon = memory_horizon({T: np.array(s, bool) for T, s in solved.items()})
    assert horizon[:3] == (100, 50, 400) and str(horizon) == "100" and not horizon.above


def test_a_cell_that_solves_nothing_has_a_horizon_below_the_ladder_and_not_0():
    horizon = memory_horizon({20: np.zeros(5, bool), 50: np.zeros(5, bool)})
    assert horizon.value is None and str(horizon) == "< 20"


def test_a_cell_that_solves_all_has_a_horizon_at_least_as_long_as_the_ladder():
    horizon = memory_horizon({20: np.ones(5, bool), 100: np.ones(5, bool)})
    assert horizon.above and str(horizon) == "≥ 100"


def test_a_ladder_without_seeds_is_refused():
    for solved in ({}, {20: np.zeros(0, bool)}):
        with pytest.raises(ValueError, match="at least 1 length and 1 seed"):
            memory_horizon(solved)


def test_a_search_that_has_not_ended_gives_a_lower_bound_or_nothing():
    solved, failed = np.ones(5, bool), np.zeros(3, bool)
    assert str(memory_horizon({5: solved, 10: failed}, decided=False)) == "≥ 5"
    assert str(memory_horizon({5: solved, 10: failed})) == "5"
    assert str(memory_horizon({5: failed}, decided=False)) == "?"


def test_the_interval_lies_where_success_turns_into_failure():
    rungs = {5: [1] * 5, 10: [1] * 5, 20: [1, 1, 1, 1, 0], 50: [0] * 3, 100: [0] * 3}
    assert half_length({T: np.array(s, bool) for T, s in rungs.items()}) == (10, 100)
    assert half_length({5: np.zeros(3, bool), 10: np.zeros(3, bool)}) == (None, 10)
    assert half_length({5: np.ones(5, bool), 10: np.ones(5, bool)}) == (10, None)


@pytest.mark.parametrize("slope", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("half", [7.0, 40.0, 90.0])
def test_the_interval_holds_its_level_also_where_rungs_stop_early(slope, half):
    """Success falls with the length; that half of the runs solve lies outside rarely."""
    rng, ladder, missed = np.random.default_rng(0), (5, 10, 20, 50, 100, 200), [0, 0]
    chance = {T: 1 / (1 + (T / half) ** slope) for T in ladder}
    for _ in range(draws := 2000):
        solved, lost = {}, 0
        for T in ladder:
            seeds = rng.random(5) < chance[T]
            solved[T] = seeds[:3] if (~seeds[:3]).sum() >= 2 else seeds
            lost = 0 if solved[T].mean() >= 0.8 else lost + 1
            if lost == 2:
                break
        low, high = half_length(solved)
        missed[0] += low is not None and low > half
        missed[1] += high is not None and high <= half
    assert all(count / draws <= LEVEL + 0.01 for count in missed)  # draws: +- 0.005
