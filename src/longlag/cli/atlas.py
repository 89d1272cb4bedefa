"""`longlag atlas`: table, findings and page of a study of many cells, from what is recorded."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from longlag.errors import LonglagError, look_for
from longlag.records.reader import holds_records, read_study
from longlag.records.store import Store
from longlag.records.untrained import read_untrained, write_untrained
from longlag.runs.config import INCIDENTAL, Config, first_part, resolve, template
from longlag.studies.plan import StudyPlan
from longlag.studies.study import Place, Point, Study, study_of

NEAR = 100  # steps: untrained cells are looked into at the rung of a ladder that is nearest
TIMED = ("task=adding", "task.length=50")  # what a training step is timed on


def run(arguments: argparse.Namespace) -> int:
    """Measure what is missing of the untrained cells, then write and name the files."""
    look_for("jinja2")
    words, config_dir = list(arguments.words), arguments.config_dir
    words += [] if any(first_part(word) == "study" for word in words) else ["study=atlas"]
    study = study_of(words, config_dir)
    config = resolve([w for w in words if first_part(w) in INCIDENTAL], config_dir)
    store = Store(Path(config.values.results), study.name)
    if not holds_records(store.folder):
        raise LonglagError(
            f"there are no records in {store.folder}; run `longlag bench study={study.name} "
            f"results={store.folder.parent}` first"
        )
    bring_up_to_date(study, store)
    measure_untrained(study, store.folder)
    from longlag.report.atlas import write_atlas

    for path in write_atlas(store.folder, config_dir):
        print(path)
    return 0


def bring_up_to_date(study: Study, store: Store) -> None:
    """Write plan.json of a study that is not at its end, unless it would know of fewer runs."""
    found = read_study(store.folder)
    ladders = found.plan.get("ladders", [])
    if ladders and all(ladder["decided"] for ladder in ladders):
        return
    print("reading how far the study is", flush=True)
    plan = StudyPlan(study, store, study.config_dir)
    if not found.plan or len(plan.recorded()) >= len(found.final):
        plan.conclude()


def measure_untrained(study: Study, folder: Path) -> None:
    """Add to untrained.json what it lacks of a study's cells, and keep each as soon as it is done.

    Args:
        study: whose cells, tasks and seeds.
        folder: of its records.
    """
    from longlag.runs.provenance import machine
    from longlag.runs.untrained import measure_start, time_steps

    found = read_untrained(folder)
    origin = {**machine(), "date": datetime.now(UTC).date().isoformat()}
    for cell, task in study.pairs:
        if found.of(cell, task.partition("@")[0]) is None:
            print(f"measuring the untrained {cell} on {task}", flush=True)
            found = replace(found.having(measure_start(starts(study, cell, task))), origin=origin)
            write_untrained(folder, found)
    late = {cell: timed(study, cell) for cell in study.cells if cell not in found.step_us}
    if late:
        print(f"timing a training step of {', '.join(late)}", flush=True)
        times = found.step_us | time_steps(late)
        found = replace(found, step_us=times, step_settings=list(TIMED), origin=origin)
        write_untrained(folder, found)


def starts(study: Study, cell: str, task: str) -> list[Config]:
    """Return a run of each seed, of a ladder at the rung that is nearest to `NEAR`."""
    points = [some_point(study, cell, task, seed) for seed in study.seeds]
    made = template(points[0].shared, study.config_dir)
    return [made.at(point.own) for point in points]


def some_point(study: Study, cell: str, task: str, seed: int = 0) -> Point:
    """Return a run of a cell on a task."""
    rungs = study.ladders.get(task)
    length = min(rungs, key=lambda T: abs(T - NEAR)) if rungs else None
    return study.point(Place(cell, task, length), study.grid[0], seed)


def timed(study: Study, cell: str) -> Config:
    """Return a run of a cell on the task that a training step is timed on."""
    shared = some_point(study, cell, next(iter(study.tasks))).shared
    words = [word for word in shared if first_part(word) != "task"]
    return template([*words, *TIMED], study.config_dir).at({})
