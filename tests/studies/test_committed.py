"""The committed results answer for today's code: no default and no class moved away under them.

A run's id is a digest of its config and of the versions of its task and cell.  A changed default, a
class in another file or a setting that came into the id leaves every published record behind, and
`make bench` would train for twenty minutes what the repository holds.  Whoever changes the numbers
on purpose raises the version and publishes new records in the same commit.
"""

from pathlib import Path

import pytest

from longlag.records.reader import read_study
from longlag.records.store import Store
from longlag.runs.config import template
from longlag.studies.plan import StudyPlan
from longlag.studies.study import Place, study_of

RESULTS = Path(__file__).resolve().parents[2] / "results"


def test_the_committed_bench_has_nothing_left_to_run_and_nothing_beside_it():
    store = Store(RESULTS, "bench")
    plan = StudyPlan(study_of(["study=bench"]), store)
    planned = {plan.id_of(point) for place in plan.places() for point in place.points}
    assert plan.unrecorded() == []
    assert planned == {run.id for run in read_study(store.folder).runs}


@pytest.mark.parametrize("name", ["bench", "atlas"])
def test_the_newest_record_of_every_cell_and_every_task_has_the_id_that_a_run_has_today(name):
    study, newest = study_of([f"study={name}"]), {}
    for run in sorted(read_study(RESULTS / name).runs, key=lambda run: run.record.date):
        newest[run.cell] = newest[run.task] = run
    assert newest
    for run in {run.id: run for run in newest.values()}.values():
        point = study.point(Place(run.cell, run.task, rung(run, study)), run.rate, run.seed)
        assert template(point.shared).at(point.own).id == run.id


def rung(run, study):
    """The length that a ladder asks of the run; None where the task's own settings decide."""
    return run.length if run.task in study.ladders else None
