"""`longlag bench study=NAME`: the plan, the sweep, the report."""

import argparse
import os
import sys
from pathlib import Path

import hydra
from rich.console import Console

from longlag.cli.progress import Progress, clock
from longlag.errors import LonglagError
from longlag.runs.config import Config, folder, resolve
from longlag.runs.job import job
from longlag.runs.plan import Ids, Study, estimate, study_of
from longlag.runs.store import Store

OUT = Console(highlight=False, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int:
    """Run what is not recorded yet, then write the report; 1 if a run failed."""
    words = [word for word in arguments.words if not word.startswith("hydra")]
    launch = [word for word in arguments.words if word.startswith("hydra")]
    config = resolve(words, arguments.config_dir)
    study = study_of(config)
    store = Store(Path(config.values.results), study.name)
    store.prepare()
    watch = Watch(study, store, Ids(store, arguments.config_dir))
    show_plan(study, store, watch)
    if watch.count()[0] < watch.total:
        with Progress(watch.total, watch.count()[0], watch.count, watch.seconds()):
            sweep(config, words, launch, arguments.config_dir)
    failures = store.failures()
    report(store, watch)
    for failure in failures.values():
        OUT.print(f"failed: {failure['command']}\n        {failure['error']}", style="red")
    if failures:
        OUT.print(
            f"{len(failures)} of {watch.total} runs failed; tracebacks: {store.folder}/failed"
        )
    return 1 if failures else 0


class Watch:
    """Counts a study's records by the names of their folders, without reading them again.

    Args:
        study: whose runs.
        store: where they are.
        ids: of their points.
    """

    def __init__(self, study: Study, store: Store, ids: Ids) -> None:
        self.study, self.store, self.ids = study, store, ids
        self.total = len(study.tuning()) + len(study.pairs) * len(study.seeds)
        self.possible = {
            run_id
            for lr in study.grid
            for run_id in ids.of(study.final(dict.fromkeys(study.pairs, lr)))
        }
        self.trials = set(ids.of(study.tuning()))
        self.checked: set[str] = set()

    def count(self) -> tuple[int, int]:
        """Runs that ended, with and without success; the failed ones among them."""
        for run_id in (self.trials | self.possible) - self.checked:
            if (self.store.folder / run_id).is_dir() and self.store.has(run_id):
                self.checked.add(run_id)
        failed = (self.trials | self.possible) & set(self.store.failures())
        return min(self.total, len(self.checked | failed)), len(failed)

    def seconds(self) -> float:
        """An estimate for what is left, on all processors."""
        self.count()
        records = [r for r in map(self.store.read, self.checked) if r]
        grid = dict.fromkeys(self.study.pairs, self.study.grid[0])
        points = [*self.study.tuning(), *self.study.final(grid)]
        whole = estimate(points, self.store, records)
        return whole * (1 - len(self.checked) / self.total) / (os.cpu_count() or 1)


def show_plan(study: Study, store: Store, watch: Watch) -> None:
    """Say what will be done before it is done."""
    done = watch.count()[0] - watch.count()[1]
    OUT.print(f"[bold]{study.title}[/bold]")
    OUT.print(f"{study.question}")
    trials = len(study.tuning())
    OUT.print(
        f"  {len(study.cells)} cells ({', '.join(study.cells)}) x {len(study.tasks)} tasks "
        f"({', '.join(study.tasks)})\n"
        f"  {trials} trials to choose learning rates ({', '.join(map(str, study.grid))}), then "
        f"{watch.total - trials} runs on {len(study.seeds)} seeds"
    )
    if done == watch.total:
        OUT.print(
            f"  all {done} runs are recorded in {store.folder}; to train them again: "
            "results=SOME/OTHER/FOLDER"
        )
        return
    basis = "by the recorded runs" if done else "a rough guess: nothing is recorded yet"
    OUT.print(
        f"  {watch.total} runs, {done} recorded already; about {clock(watch.seconds())} to go on "
        f"{os.cpu_count()} processors ({basis})"
    )


def sweep(config: Config, words: list[str], launch: list[str], config_dir: Path | None) -> None:
    """Hand the study to Hydra.

    Raises:
        LonglagError: Hydra could not start it.
        KeyboardInterrupt: Ctrl-C; the workers are gone, and nothing is half-written.
    """
    own = [
        "hydra/sweeper=study",
        "hydra/launcher=joblib",
        "hydra/job_logging=none",
        "hydra/hydra_logging=none",
        "hydra.output_subdir=null",
        f"hydra.sweep.dir={Path(config.values.results) / '.hydra'}",
        "hydra.sweep.subdir=.",
        *([f"hydra.searchpath=[file://{config_dir.resolve()}]"] if config_dir else []),
        *launch,
    ]
    start = hydra.main(config_path=str(folder()), config_name="config", version_base="1.3")(job)
    os.environ["OMP_NUM_THREADS"] = str(config.values.threads)
    before = sys.argv
    sys.argv = [before[0], "--multirun", *words, *own]
    try:
        start()
    except SystemExit as error:
        if error.code:
            raise LonglagError("Hydra could not run the sweep; see above") from None
    except KeyboardInterrupt:
        stop_workers()
        Store(Path(config.values.results), config.names["study"]).prepare()
        OUT.print("\nstopped; every run that ended is recorded: the same command goes on from here")
        raise
    finally:
        sys.argv = before


def stop_workers() -> None:
    """End joblib's workers at once."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def report(store: Store, watch: Watch) -> None:
    """Write the pages, unless they are newer than every record."""
    pages = [store.folder / f"report.{kind}" for kind in ("html", "pdf", "md")]
    records = [store.folder / run_id / "record.json" for run_id in watch.checked]
    newest = max((path.stat().st_mtime for path in records), default=0.0)
    if not all(page.exists() and page.stat().st_mtime > newest for page in pages):
        from longlag.report import build

        build(store.folder)
    OUT.print("report: " + "  ".join(str(page) for page in pages))
