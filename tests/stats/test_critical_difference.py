"""Mean ranks over tasks differ only where they lie farther apart than chance brings them."""

import numpy as np
import pytest

from longlag.stats import critical_difference

Q = {3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}


@pytest.mark.parametrize("cells", Q)
def test_the_distance_is_that_of_demsar_s_table(cells):
    tasks = 14  # Demsar 2006, table 5 (a), alpha = 0.05
    scores = np.random.default_rng(0).normal(size=(tasks, cells))
    q = critical_difference(scores).distance / np.sqrt(cells * (cells + 1) / (6 * tasks))
    assert q == pytest.approx(Q[cells], abs=1e-3)  # of three digits, the last one cut in places


def test_the_best_cell_has_rank_1_and_ties_share_their_ranks():
    scores = np.array([[3.0, 1, 1], [9, 2, 1], [5, 0, 0], [5, 1, 2]])
    found = critical_difference(scores)
    np.testing.assert_allclose(found.ranks, [1, 2.5, 2.5])
    assert found.p < 0.05


@pytest.mark.parametrize("tasks", [3, 5, 10, 20])
def test_of_cells_that_are_alike_a_pair_seldom_differs(tasks):
    rng, studies = np.random.default_rng(tasks), 500
    found = [critical_difference(rng.normal(size=(tasks, 5))) for _ in range(studies)]
    wrong = np.mean([np.ptp(one.ranks) > one.distance for one in found])
    assert wrong <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (0, 4)])
def test_of_few_cells_or_tasks_there_is_no_distance(shape):
    found = critical_difference(np.random.default_rng(0).normal(size=shape))
    assert np.isnan([found.distance, found.p]).all() and found.ranks.shape == (shape[1],)
