"""`longlag bench study=NAME`: the plan, the sweep, the report."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hydra
from rich.console import Console

from longlag.cli.progress import Progress, clock
from longlag.errors import LonglagError
from longlag.records.medians import medians
from longlag.records.store import Store
from longlag.runs.config import Config, folder, resolve
from longlag.studies.study import Ids, Study, best_rates, estimate, study_of
from longlag.studies.sweeper import conclude, interrupted
from longlag.studies.worker import job

OUT = Console(highlight=False, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int:
    """Run what is not recorded yet, then write the report; 1 if a run failed."""
    words = [word for word in arguments.words if not word.startswith("hydra")]
    launch = [word for word in arguments.words if word.startswith("hydra")]
    config = resolve(words, arguments.config_dir)
    study = study_of(config)
    store = Store(Path(config.values.results), study.name)
    store.prepare()
    watch = Watch(study, store, Ids(arguments.config_dir))
    show_plan(study, store, watch)
    if len(watch.recorded) < watch.total:
        watch.begin()
        try:
            with Progress(watch.total, len(watch.recorded), watch.count, watch.seconds()):
                sweep(config, words, launch, arguments.config_dir)
        except (Exception, KeyboardInterrupt) as error:
            stop_workers()
            if not interrupted(error):
                raise
            store.prepare()
            OUT.print("stopped; every run that ended is recorded: the same command goes on there")
            return 130
        store.prepare()  # once more: what killed workers left
    ids = watch.ids
    failures = conclude(study, store, ids)["failed"]
    for failure in failures:
        OUT.print(f"failed: {failure['command']}\n        {failure['error']}", style="red")
    if failures:
        OUT.print(
            f"{len(failures)} of {watch.total} runs failed; tracebacks: {store.folder}/failed"
        )
    if study.examine:
        look_inside(store, config.values.threads)
    report(store)
    return 1 if failures else 0


class Watch:
    """Counts a study's runs by the names of their folders.

    Args:
        study: whose runs.
        store: where they are.
        ids: of their points.
    """

    def __init__(self, study: Study, store: Store, ids: Ids) -> None:
        self.study, self.store, self.ids = study, store, ids
        self.total = len(study.tuning()) + len(study.pairs) * len(study.seeds)
        tuning = ids.of(study.tuning())
        self.known = set(tuning)
        self.recorded = {run_id for run_id in tuning if store.has(run_id)}
        if len(self.recorded) == len(tuning):  # then it is known what comes after them
            self.known |= set(ids.of(study.final(best_rates(study, store, tuning))))
            self.recorded |= {run_id for run_id in self.known if store.has(run_id)}
        self.before, self.old = self.folders(), set(store.failures())

    def begin(self) -> None:
        """Forget the failures that are tried again; what is left is of other forms of the study."""
        for run_id in self.known:
            self.store.forget(run_id)
        self.old = set(self.store.failures())

    def folders(self) -> set[str]:
        """The runs that are recorded, of this or an earlier form of the study."""
        return {path.parent.name for path in self.store.folder.glob("*/record.json")}

    def count(self) -> tuple[int, int]:
        """Runs that ended, with and without success; the failed ones among them."""
        failed = len(set(self.store.failures()) - self.old)
        done = len(self.recorded | (self.folders() - self.before)) + failed
        return min(done, self.total), failed

    def seconds(self) -> float:
        """An estimate for what is left, on all processors."""
        records = [record for record in map(self.store.read, self.recorded) if record]
        rates = dict.fromkeys(self.study.pairs, self.study.grid[0])
        whole = estimate([*self.study.tuning(), *self.study.final(rates)], records)
        return whole * (1 - len(self.recorded) / self.total) / (os.cpu_count() or 1)


def show_plan(study: Study, store: Store, watch: Watch) -> None:
    """Say what will be done before it is done."""
    done = len(watch.recorded)
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
        KeyboardInterrupt: Ctrl-C; the workers still run.
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
    os.environ["HYDRA_FULL_ERROR"] = "1"  # an error comes up to us, who say it in one line
    before = sys.argv
    sys.argv = [before[0], "--multirun", *words, *own]
    try:
        with shielded():
            start()
    except SystemExit as error:
        if error.code:
            raise LonglagError("Hydra could not run the sweep; see above") from None
    finally:
        sys.argv = before


@contextmanager
def shielded() -> Iterator[None]:
    """Keep Ctrl-C from every process that is started inside, even while it starts.

    They inherit this thread's mask.  The thread of the progress line takes the signal instead,
    and Python raises it here.  Joblib's trackers lift the mask when they start: so they do first.
    """
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as tracker_of_joblib

    resource_tracker.ensure_running()
    tracker_of_joblib.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def stop_workers() -> None:
    """End joblib's workers at once."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def look_inside(store: Store, threads: int) -> None:
    """Examine the median runs that were not yet, as far as their weights were kept."""
    due = [median for median in medians(store.folder) if median.due]
    if not due:
        return
    import torch

    from longlag.runs.analyse import examine_run

    torch.set_num_threads(threads)
    done, troubles = 0, []
    with Progress(len(due), 0, lambda: (done, len(troubles)), len(due), "median runs examined"):
        for median in due:
            try:
                examine_run(median.folder)
            except Exception as error:  # any: a cell that cannot be examined has results to report
                troubles.append(f"{median.name}: {error or type(error).__name__}".splitlines()[0])
            done += 1
    for trouble in troubles:
        OUT.print(f"could not be examined: {trouble}", style="red")


def report(store: Store) -> None:
    """Write the pages, unless they are newer than every record, examination and the plan."""
    pages = [store.folder / f"report.{kind}" for kind in ("html", "pdf", "md")]
    sources = [store.folder / "plan.json", *store.folder.glob("*/record.json")]
    for name in ("laboratory.npz", "extrapolation.json"):
        sources += store.folder.glob(f"*/{name}")
    newest = max((path.stat().st_mtime for path in sources if path.exists()), default=0.0)
    if not all(page.exists() and page.stat().st_mtime > newest for page in pages):
        from longlag.report import build

        build(store.folder)
    OUT.print("report: " + "  ".join(str(page) for page in pages))
