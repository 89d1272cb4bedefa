"""The runs of a study as configs: which are due, which ended, and what plan.json says of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError
from longlag.records.atomic import as_json, write_json
from longlag.records.reader import Run
from longlag.records.store import Store
from longlag.runs.config import Config, Template, template
from longlag.studies.search import FAILED, PairPlan, Rank, mean, plan_pair, validation_rank
from longlag.studies.study import Point, Study

Pair = tuple[str, str]
SECONDS_A_STEP = 0.01  # a rough guess, until there are records to go by


class StudyPlan:
    """Composes the runs of a study and follows how far they are.

    Args:
        study: whose runs.
        store: of their records.
        config_dir: of the user's own groups.

    Raises:
        LonglagError: a run asks for something that is not allowed, or two tasks become the same.
    """

    def __init__(self, study: Study, store: Store, config_dir: Path | None = None) -> None:
        self.study, self.store = study, store
        self.templates: dict[Pair, Template] = {}
        self.configs: dict[Point, Config] = {}
        self.pair_of: dict[str, Pair] = {}
        for pair in study.pairs:
            first = study.point(*pair, study.grid[0], study.tuning_seeds[0])
            self.templates[pair] = template(first.shared, config_dir, {"study": study.name})
            self.config(first)

    def config(self, point: Point) -> Config:
        """The config of a point."""
        if point not in self.configs:
            pair = point.cell, point.task
            config = self.templates[pair].at(point.own)
            stage = "tune" if point.seed in self.study.tuning_seeds else "final"
            config = config._replace(names={**config.names, "stage": stage})
            other = self.pair_of.setdefault(config.id, pair)
            if other != pair:
                raise LonglagError(
                    f"study {self.study.name}: {other[1]} and {pair[1]} become the same runs with "
                    "these settings; pick one of them with task=NAME"
                )
            self.configs[point] = config
        return self.configs[point]

    def rank(self, point: Point) -> Rank | None:
        """The rank of a run on validation; None if it has not ended."""
        run_id = self.config(point).id
        run = self.store.read(run_id) if self.store.has(run_id) else None
        if run is not None:
            return validation_rank(run)
        return FAILED if self.store.has_failed(run_id) else None

    def of_pair(self, pair: Pair) -> PairPlan:
        """The runs of a cell on a task that are known by now."""
        return plan_pair(self.study, pair, self.rank)

    def pairs(self) -> dict[Pair, PairPlan]:
        """Those of every cell and task."""
        return {pair: self.of_pair(pair) for pair in self.study.pairs}

    def first(self) -> list[Config]:
        """What is due before anything ended: the trials on the first tuning seed."""
        study = self.study
        return [
            self.config(study.point(*pair, rate, study.tuning_seeds[0]))
            for pair in study.pairs
            for rate in study.grid
        ]

    def then(self, run_id: str) -> list[Config]:
        """What is due of the same cell and task now that a run of it ended."""
        return [self.config(point) for point in self.of_pair(self.pair_of[run_id]).points]

    def recorded(self) -> list[Run]:
        """The runs that are recorded, as far as the runs are known."""
        ids = (self.config(p).id for plan in self.pairs().values() for p in plan.points)
        return [r for i in ids if self.store.has(i) and (r := self.store.read(i)) is not None]

    def unrecorded(self) -> list[Config]:
        """A run of every cell and task of which something is missing."""
        found = []
        for pair, plan in self.pairs().items():
            points = [point for point in plan.points if not self.store.has(self.config(point).id)]
            if points or not plan.final:
                found.append(self.config(self.study.point(*pair, self.study.grid[0], 0)))
        return found

    def forget_failures(self) -> None:
        """Forget what failed before: it is tried again at every call."""
        for plan in self.pairs().values():
            for point in plan.points:
                self.store.forget(self.config(point).id)

    def conclude(self) -> dict[str, Any]:
        """Write plan.json, if it changed, and return it: what was run, chosen and failed."""
        content = self.summary()
        path = self.store.folder / "plan.json"
        if not path.exists() or path.read_text() != as_json(content):
            write_json(path, content)
        return content

    def summary(self) -> dict[str, Any]:
        """What plan.json says: the stages, the choices and the failures."""
        pairs, failures = self.pairs(), self.store.failures()
        trials = [self.config(p).id for plan in pairs.values() for p in plan.trials]
        final = [self.config(p).id for plan in pairs.values() for p in plan.final]
        return {
            "study": self.study.name,
            "title": self.study.title,
            "question": self.study.question,
            "stages": [{"name": "tune", "ids": trials}, {"name": "final", "ids": final}],
            "chosen": [self.choice(pair, plan) for pair, plan in pairs.items()],
            "failed": [
                {key: failures[i][key] for key in ("id", "error", "command")}
                for i in (*trials, *final)
                if i in failures
            ],
        }

    def choice(self, pair: Pair, plan: PairPlan) -> dict[str, Any]:
        """The trials of a cell on a task, and what was chosen."""
        cell, task = pair
        trials = []
        for point in plan.trials:
            run_id = self.config(point).id
            run = self.store.read(run_id)
            score = float("nan") if run is None else run.score("validation")
            value = None if score != score else score
            trials.append({"id": run_id, "lr": point.lr, "seed": point.seed, "value": value})
        return {
            "cell": cell,
            "task": task.partition("@")[0],
            "overrides": [] if plan.chosen is None else [f"optim.lr={plan.chosen}"],
            "bracketed": plan.bracketed,
            "trials": trials,
        }

    def seconds_left(self, workers: int) -> float:
        """An estimate of the time to go, from like runs or by a rough guess."""
        seen: dict[Pair, list[float]] = {}
        runs = self.recorded()
        for run in runs:
            for like in ((run.cell, run.task), ("", run.task), ("", "")):
                seen.setdefault(like, []).append(run.seconds)
        each = [self.seconds_of(self.templates[pair].at({}), seen) for pair in self.study.pairs]
        missing = 1 - len(runs) / self.study.total
        return mean(each) * self.study.total * missing / workers

    def seconds_of(self, config: Config, seen: Mapping[Pair, Iterable[float]]) -> float:
        """Seconds that a run takes, by the most alike ones that were seen."""
        cell, task = config.names["cell"], config.names["task"]
        for like in ((cell, task), ("", task), ("", "")):
            if like in seen:
                return mean(seen[like])
        return SECONDS_A_STEP * config.values.trainer.max_steps
