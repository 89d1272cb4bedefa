"""`longlag bench study=NAME`: the plan, the runs, the report; claim=ID: those of a claim."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich.table import Table

from longlag.cli.carry import make_executor, train
from longlag.cli.progress import Progress, clock
from longlag.cli.terminal import console
from longlag.errors import LonglagError, MissingPackage, look_for
from longlag.records.record import Json
from longlag.records.store import Store
from longlag.report.format import plural
from longlag.runs.config import INCIDENTAL, first_part, path_of, resolve
from longlag.studies.pace import seconds_left, to_go
from longlag.studies.placing import Budget
from longlag.studies.plan import StudyPlan
from longlag.studies.runner import Executor
from longlag.studies.search import LOST
from longlag.studies.study import study_of

OUT = console()


def run(arguments: argparse.Namespace) -> int:
    """Run what is not recorded yet, then write the report; 1 if a run failed."""
    words, config_dir = arguments.words, arguments.config_dir
    if any(first_part(word) == "claim" for word in words):
        from longlag.cli import bench_claim

        return bench_claim.run(arguments)
    words, seconds = budget_of(words)
    study = study_of(words, config_dir)
    config = resolve([w for w in words if first_part(w) in INCIDENTAL], config_dir)
    store = Store(Path(config.values.results), study.name)
    plan = StudyPlan(study, store, config_dir)
    if arguments.cfg:
        OUT.print(OmegaConf.to_yaml(config.values.study))
        return 0
    some = plan.first()[0]
    executor = make_executor(config, some.values.threads)
    done = len(plan.recorded())
    show_plan(plan, done, executor)
    if arguments.dry_run:
        show_parts(plan, executor.workers)
        return 0
    budget = Budget(plan, seconds, evenly=True) if seconds < float("inf") else None
    if done < plan.total and train(plan, executor, budget) == 130:
        return 130
    if budget and len(plan.recorded()) + len(store.failures()) < plan.total:
        OUT.print("the time is used up; the same command goes on there")
    failures = tell_failures(plan)
    if study.examine:
        look_inside(store, some.values.threads, config_dir)
    report(store)
    return 1 if failures else 0


def budget_of(words: Sequence[str]) -> tuple[list[str], float]:
    """Read the settings, and the seconds of budget_hours after which no run starts; else endless.

    Raises:
        LonglagError: no number above 0.
    """
    given = [word for word in words if path_of(word) == "budget_hours"]
    hours = given[-1].partition("=")[2] if given else "inf"
    try:
        seconds = 3600 * float(hours)
    except ValueError:
        seconds = float("nan")
    if not seconds > 0:
        raise LonglagError(f"budget_hours must be a number above 0, not {hours!r}")
    return [word for word in words if word not in given], seconds


def show_parts(plan: StudyPlan, workers: int) -> None:
    """Say what each cell and each task takes, and all of them, on the executor's workers."""
    for number, what in enumerate(("cell", "task")):
        table = Table(box=None, pad_edge=False)
        for title in (what, "runs", "recorded", "to go"):
            table.add_column(title, justify="left" if title == what else "right", no_wrap=True)
        for name in dict.fromkeys(pair[number] for pair in plan.known):
            pairs = [pair for pair in plan.known if pair[number] == name]
            add_row(table, name, plan, pairs, workers)
        if what == "task":
            add_row(table, "all", plan, list(plan.known), workers)
        OUT.print(table)


def add_row(
    table: Table, name: str, plan: StudyPlan, pairs: list[tuple[str, str]], workers: int
) -> None:
    """Add what some cells and tasks take."""
    runs, done, seconds = to_go(plan, pairs)
    table.add_row(name, str(runs), str(done), clock(seconds / workers))


def tell_failures(plan: StudyPlan) -> list[Json]:
    """Write plan.json, and name the runs that failed."""
    failures = plan.conclude()["failed"]
    for failure in failures:
        OUT.print(f"failed: {failure['command']}\n        {failure['error']}", style="red")
    if failures:
        folder = plan.store.folder
        OUT.print(f"{len(failures)} of {plan.total} runs failed; tracebacks: {folder}/failed")
    return failures


def show_plan(plan: StudyPlan, done: int, executor: Executor) -> None:
    """Say what will be done before it is done."""
    study, store = plan.study, plan.store
    tasks = [
        f"{task} from {rungs[0]} to {rungs[-1]} steps"
        if (rungs := study.ladders.get(task))
        else task
        for task in study.tasks
    ]
    OUT.print(study.title, style="bold")
    OUT.print(f"{study.question}")
    OUT.print(
        f"  {plural(len(study.cells), 'cell')} ({', '.join(study.cells)}) x "
        f"{plural(len(tasks), 'task')} "
        f"({', '.join(tasks)})"
    )
    rates, trials = ", ".join(map(str, study.grid)), f"{study.trials} trials of learning rates"
    OUT.print(
        f"  {trials} ({rates}) each, then {len(study.seeds)} seeds"
        if study.tune
        else f"  {len(study.seeds)} seeds at each learning rate ({rates})"
    )
    if study.ladders:
        OUT.print(
            f"  a ladder is climbed until {LOST} rungs in a row fail, with "
            f"{study.trials_on_a_rung} trials on each further rung"
        )
    if done == plan.total:
        OUT.print(
            f"  all {done} runs are recorded in {store.folder}; to train them again: "
            "results=SOME/OTHER/FOLDER"
        )
        return
    known = done or plan.alike
    basis = "by the recorded runs" if known else "a rough guess: nothing is recorded yet"
    workers, least = executor.workers, "at least " if study.ladders else ""
    OUT.print(
        f"  {least}{plan.total} runs, {done} recorded already; about "
        f"{clock(seconds_left(plan) / workers)} to go on {workers} processors ({basis})"
    )


def look_inside(store: Store, threads: int, config_dir: Path | None = None) -> None:
    """Examine the median runs that were not yet, as far as their weights were kept."""
    from longlag.records.examination import medians  # imports SciPy, which takes its time

    due = [median for median in medians(store.folder) if median.due]
    if not due:
        return
    import torch

    from longlag.runs.analyse import examine_run

    torch.set_num_threads(threads)
    done, troubles = 0, []
    with Progress(len(due), 0, lambda: (done, len(troubles)), what="median runs examined"):
        for median in due:
            try:
                examine_run(median.folder, config_dir)
            except Exception as error:  # any: a cell that cannot be examined has results to report
                troubles.append(f"{median.name}: {error or type(error).__name__}".splitlines()[0])
            done += 1
    for trouble in troubles:
        OUT.print(f"could not be examined: {trouble}", style="red")


def report(store: Store) -> None:
    """Write the pages, unless they are newer than every record, examination and the plan."""
    try:
        look_for("matplotlib", "jinja2", "typst")
    except MissingPackage as missing:
        again = f"longlag report study={store.folder.name} results={store.root}"
        OUT.print(f"no report: {missing}, then `{again}`")
        return
    pages = [store.folder / f"report.{kind}" for kind in ("html", "pdf", "md")]
    sources: list[Any] = [store.folder / "plan.json", *store.folder.glob("*/record.json")]
    for name in ("laboratory.npz", "extrapolation.json"):
        sources += store.folder.glob(f"*/{name}")
    for kind in ("jsonl", "npz"):  # of a packed study
        sources += store.folder.glob(f"*.{kind}")
    newest = max((path.stat().st_mtime for path in sources if path.exists()), default=0.0)
    if not all(page.exists() and page.stat().st_mtime > newest for page in pages):
        from longlag.report import build

        build(store.folder)
    OUT.print("report: " + "  ".join(str(page) for page in pages))
