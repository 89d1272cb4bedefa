"""A ladder that was climbed is reported as it was: bounds as bounds, an open search as open."""

from pathlib import Path

import pytest

from longlag.records.reader import Study
from longlag.records.record import Criterion, Question
from longlag.report.answers import ladder
from longlag.report.figures.outcome import success
from longlag.report.tables.scores import horizon
from longlag.report.view import View
from some_record import some_run

SOLVED = {5: [1, 1, 1, 1, 1], 10: [0, 0, 1], 20: [0, 0, 0]}  # of five seeds that were planned


def view(decided: bool) -> View:
    runs = [
        some_run(
            id=f"lstm-adding-{T}-{seed}",
            seed=seed,
            task=Question(length=T),
            solved=Criterion("mse", 0.01, "longlag's own", met=bool(met)),
        )
        for T, seeds in SOLVED.items()
        for seed, met in enumerate(seeds)
    ]
    entry = {"cell": "lstm", "task": "adding", "seeds": 5, "decided": decided}
    return View(Study(Path("nowhere"), tuple(runs), {"ladders": [entry]}))


def test_a_rung_that_few_seeds_decided_is_shown_as_the_bound_that_it_is():
    (row,) = horizon(view(True)).rows
    assert [cell.text for cell in row.cells[-3:]] == ["5/5", "≤ 3/5", "≤ 2/5"]
    shares = [success(g, 5) for g in view(True).groups]
    assert shares[1:] == [pytest.approx((0.6, 0.2, 0.6)), pytest.approx((0.4, 0.0, 0.4))]


@pytest.mark.parametrize("decided", [True, False])
def test_a_search_that_has_not_ended_is_no_horizon(decided: bool):
    (row,) = horizon(view(decided)).rows
    assert row.cells[1].text == ("5" if decided else "≥ 5")
    said = ladder(view(decided), "adding")
    assert said["some"] == ([("LSTM", 5)] if decided else [])
    assert said["undecided"] == ([] if decided else ["LSTM"])


def test_a_climbed_task_is_not_added_up_over_cells_that_stand_on_other_rungs():
    assert view(True).overall == []
