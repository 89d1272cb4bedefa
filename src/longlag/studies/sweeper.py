"""A study as a Hydra multirun: tune, choose, run, through whatever launcher Hydra is given."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from longlag.records.store import Store, as_json, write_json
from longlag.runs.config import first_part, resolve
from longlag.studies.study import Ids, Point, Study, best_rates, study_of
from longlag.studies.worker import OWNER

STRIKES = 3  # launches that a run may take down before it counts as failed


class StudyRunner:
    """Runs a study's points that are not recorded yet.

    Args:
        study: what to run.
        store: where the records go.
        ids: of the points.
        launch: starts a list of jobs, each a list of overrides, and returns when they ended.
    """

    def __init__(
        self, study: Study, store: Store, ids: Ids, launch: Callable[[list[list[str]]], Any]
    ) -> None:
        self.study, self.store, self.ids, self.launch = study, store, ids, launch

    def run(self) -> dict[str, Any]:
        """Every stage, then plan.json, which is returned."""
        self.store.prepare()
        tuning = self.stage(self.study.tuning())
        self.stage(self.study.final(best_rates(self.study, self.store, tuning)))
        return conclude(self.study, self.store, self.ids)

    def stage(self, points: Sequence[Point]) -> dict[str, Point]:
        """Launch what is not recorded; again, where a worker died before it could say why.

        A worker that is killed takes its launch down, and the other workers with it.  What was
        under way is suspect, and is launched alone from then on; every other run goes on.
        """
        found = self.ids.of(points)
        for run_id in found:
            self.store.forget(run_id)  # a failure is tried again at every call
        strikes: Counter[str] = Counter()
        suspects: set[str] = set()
        while missing := self.missing(found):
            batch = [i for i in missing if i not in suspects] or missing[:1]
            reason, trace, begun = "it ended without a record and without a word", "", set()
            try:
                self.launch([list(found[run_id].overrides) for run_id in batch])
            except Exception as error:  # any: a killed worker ends a launch, not the study
                if interrupted(error):
                    raise
                reason, trace = f"its worker died ({type(error).__name__})", str(error)
                begun = self.store.begun()
            left = self.missing(batch)
            suspects |= begun & set(left)
            for run_id in [i for i in left if i in begun] or left:
                strikes[run_id] += 1
                if strikes[run_id] >= STRIKES:
                    self.give_up(run_id, found[run_id], f"{STRIKES} times, {reason}", trace)
        return found

    def missing(self, found: Iterable[str]) -> list[str]:
        """Of these, what has neither a record nor a failure."""
        failed = self.store.failures()
        return [run_id for run_id in found if run_id not in failed and not self.store.has(run_id)]

    def give_up(self, run_id: str, point: Point, reason: str, trace: str) -> None:
        """Record as failed what was launched often enough."""
        command = resolve(point.overrides, self.ids.config_dir).command
        self.store.fail(run_id, command, reason, trace)


def interrupted(error: BaseException | None) -> bool:
    """Whether an error was raised while Ctrl-C was on its way up."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def conclude(study: Study, store: Store, ids: Ids) -> dict[str, Any]:
    """Write plan.json, if it changed, and return it: what was run, chosen and failed.

    Args:
        study: that ended.
        store: of its records.
        ids: of its points.
    """
    tuning = ids.of(study.tuning())
    chosen = best_rates(study, store, tuning)
    content = summary(study, store, tuning, ids.of(study.final(chosen)), chosen)
    path = store.folder / "plan.json"
    if not path.exists() or path.read_text() != as_json(content):
        write_json(path, content)
    return content


def summary(
    study: Study,
    store: Store,
    tuning: dict[str, Point],
    final: dict[str, Point],
    chosen: dict[tuple[str, str], float],
) -> dict[str, Any]:
    """What plan.json says: the stages, the choices and the failures."""
    trials: dict[tuple[str, str], list[dict[str, Any]]] = {pair: [] for pair in chosen}
    for run_id, point in tuning.items():
        record = store.read(run_id)
        score = record and record["metrics"]["validation"].get(record["score"])
        trials[point.cell, point.task].append({"id": run_id, "lr": point.lr, "value": score})
    failures = store.failures()
    return {
        "study": study.name,
        "title": study.title,
        "question": study.question,
        "stages": [
            {"name": "tune", "ids": list(tuning)},
            {"name": "final", "ids": list(final)},
        ],
        "chosen": [
            {
                "cell": cell,
                "task": task.partition("@")[0],
                "overrides": [f"optim.lr={lr}"],
                "trials": trials[cell, task],
            }
            for (cell, task), lr in chosen.items()
        ],
        "failed": [
            {key: failures[i][key] for key in ("id", "error", "command")}
            for i in (*tuning, *final)
            if i in failures
        ],
    }


class StudySweeper:
    """What Hydra's sweeper plugin does; `hydra_plugins` holds the class that Hydra finds."""

    def __init__(self) -> None:
        self.launcher: Launcher | None = None
        self.config: DictConfig | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra before `sweep`."""
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Called by Hydra with the command line's overrides."""
        assert self.config is not None and self.launcher is not None
        launcher = self.launcher
        search = [str(path) for path in self.config.hydra.searchpath]
        config_dir = Path(search[0].removeprefix("file://")) if search else None
        config = resolve(arguments, config_dir)
        name = config.names["study"]
        store = Store(Path(config.values.results), name)
        incidental = [a for a in arguments if first_part(a) in ("results", "logger")]
        jobs = [f"study={name}", *incidental]
        os.environ[OWNER] = str(os.getpid())
        started = 0

        def launch(batch: list[list[str]]) -> None:
            nonlocal started
            launcher.launch([[*overrides, *jobs] for overrides in batch], started)
            started += len(batch)

        StudyRunner(study_of(config), store, Ids(config_dir), launch).run()
