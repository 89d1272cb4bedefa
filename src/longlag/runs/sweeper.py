"""A study as a Hydra multirun: tune, choose, run, through whatever launcher Hydra is given."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from longlag.runs import plan
from longlag.runs.config import key, resolve
from longlag.runs.job import OWNER
from longlag.runs.plan import Ids, Point, Study
from longlag.runs.store import Store, write_json

ROUNDS = 3  # launches of a run whose worker was killed, before it counts as failed


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

    def run(self) -> None:
        """Every stage, then plan.json."""
        self.store.prepare()
        tuning = self.stage(self.study.tuning())
        chosen = plan.best_rates(self.study, self.store, tuning)
        final = self.stage(self.study.final(chosen))
        write_json(self.store.folder / "plan.json", self.summary(tuning, final, chosen))

    def stage(self, points: Sequence[Point]) -> dict[str, Point]:
        """Launch what is not recorded; again, where a worker died before it could say why."""
        found = self.ids.of(points)
        known = set(self.store.failures())
        for run_id in known & set(found):  # tried again at every call
            (self.store.folder / "failed" / f"{run_id}.json").unlink(missing_ok=True)
        for attempt in range(1, ROUNDS + 1):
            failed = self.store.failures()
            missing = {i: p for i, p in found.items() if i not in failed and not self.store.has(i)}
            if not missing:
                break
            try:
                self.launch([list(point.overrides) for point in missing.values()])
            except Exception as error:  # any: a killed worker ends a launch, not the study
                if attempt == ROUNDS:
                    self.give_up(missing, error)
        return found

    def give_up(self, missing: dict[str, Point], error: Exception) -> None:
        """Record as failed what was launched often enough."""
        for run_id, point in missing.items():
            if not self.store.has(run_id):
                command = resolve(point.overrides, self.ids.config_dir).command
                reason = f"its worker died {ROUNDS} times ({type(error).__name__})"
                self.store.fail(run_id, command, reason, str(error))

    def summary(
        self,
        tuning: dict[str, Point],
        final: dict[str, Point],
        chosen: dict[tuple[str, str], float],
    ) -> dict[str, Any]:
        """What plan.json says: the stages, the choices and the failures."""
        trials: dict[tuple[str, str], list[dict[str, Any]]] = {pair: [] for pair in chosen}
        for run_id, point in tuning.items():
            record = self.store.read(run_id)
            score = record and record["metrics"]["validation"].get(record["score"])
            trials[point.cell, point.task].append({"id": run_id, "lr": point.lr, "value": score})
        failures = self.store.failures()
        return {
            "study": self.study.name,
            "title": self.study.title,
            "question": self.study.question,
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
        incidental = [a for a in arguments if key(a) in ("results", "logger", "threads")]
        jobs = [f"study={name}", *incidental]
        os.environ[OWNER] = str(os.getpid())
        started = 0

        def launch(batch: list[list[str]]) -> None:
            nonlocal started
            launcher.launch([[*overrides, *jobs] for overrides in batch], started)
            started += len(batch)

        runner = StudyRunner(plan.study_of(config), store, Ids(store, config_dir), launch)
        runner.run()
