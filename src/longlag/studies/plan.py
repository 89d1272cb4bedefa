"""The runs of a study as configs: which are due, which ended, and what plan.json says of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError
from longlag.records.atomic import as_json, write_json
from longlag.records.run import Run
from longlag.records.store import Store
from longlag.runs.config import Config, Template
from longlag.studies.search import (
    FAILED,
    Ended,
    PlacePlan,
    plan_ladder,
    plan_place,
    rank_by,
    rungs_to_go,
    validation_rank,
)
from longlag.studies.study import Place, Point, Study
from longlag.studies.templates import Templates

Pair = tuple[str, str]  # a cell and a task


class StudyPlan:
    """Composes the runs of a study and follows how far they are.

    Args:
        study: whose runs.
        store: of their records.
        config_dir: of the user's own groups.

    Attributes:
        counts: runs of each cell on each task; of an undecided ladder those that will at least be.
        alike: runs of other studies of the same tasks, by whose time that to go is estimated.

    Raises:
        LonglagError: a run asks for something that is not allowed, or two tasks become the same.
    """

    def __init__(self, study: Study, store: Store, config_dir: Path | None = None) -> None:
        self.study, self.store, self.config_dir = study, store, config_dir
        self.composer = Templates(study, config_dir)
        self.templates: dict[Pair, Template] = {}
        self.configs: dict[Point, Config] = {}
        self.ids: dict[Point, str] = {}  # of the configs: a digest that takes its time
        self.handed: set[str] = set()  # that were named as due
        self.turns: dict[str, tuple[int, bool, int]] = {}  # of these: rung, final or not, seed
        self.pair_of: dict[str, Pair] = {}
        self.alike: list[Run] = []
        self.runs: dict[str, Run] = {}  # that are recorded, as far as they were asked for
        self.open: set[str] = set()  # that had not ended when they were looked for
        self.gone: set[str] = set()  # that ended while this plan was carried out
        for pair in study.pairs:
            self.config(self.some_point(pair))
        self.known: dict[Pair, list[PlacePlan]] = {}
        self.counts: dict[Pair, int] = {}
        self.places()

    @property
    def total(self) -> int:
        """Count the runs that are known, and those that will at least become known."""
        return sum(self.counts.values())

    def some_point(self, pair: Pair, seed: int | None = None) -> Point:
        """Return a run of a cell on a task, on the highest rung of its ladder."""
        study, (cell, task) = self.study, pair
        place = Place(cell, task, max(study.ladders.get(task, [0])) or None)
        first = (study.tuning_seeds or study.seeds)[0]
        return study.point(place, study.grid[0], first if seed is None else seed)

    def config(self, point: Point) -> Config:
        """Return the config of a point."""
        if point not in self.configs:
            pair = point.place.cell, point.place.task
            if pair not in self.templates:
                self.templates[pair] = self.composer.of(*pair)
            config = self.templates[pair].at(point.own)
            stage = "tune" if point.seed in self.study.tuning_seeds else "final"
            config = replace(config, names={**config.names, "stage": stage})
            self.ids[point] = config.id
            other = self.pair_of.setdefault(self.ids[point], pair)
            if other != pair:
                raise LonglagError(
                    f"study {self.study.name}: {other[1]} and {pair[1]} become the same runs with "
                    "these settings; pick one of them with task=NAME"
                )
            self.configs[point] = config
        return self.configs[point]

    def id_of(self, point: Point) -> str:
        """Return the id of a point's run."""
        if point not in self.ids:
            self.config(point)
        return self.ids[point]

    def record(self, point: Point) -> Run | None:
        """Return the record of a run; None if there is none."""
        return self.run_of(self.id_of(point))

    def run_of(self, run_id: str) -> Run | None:
        """Return a record by its id; None if there is none."""
        if run_id in self.open:  # the disk is asked once, and again when the run is over
            return None
        if run_id not in self.runs and self.store.has(run_id):
            run = self.store.read(run_id)
            if run is not None:
                self.runs[run_id] = run
        return self.runs.get(run_id)

    def ended(self, point: Point) -> Ended | None:
        """Return how a run ended: its rank on validation; None if it has not."""
        run = self.record(point)
        if run is not None:
            return Ended(validation_rank(run), bool(run.solved))
        run_id = self.id_of(point)
        if run_id not in self.open and self.store.has_failed(run_id):
            return Ended(FAILED, False)
        self.open.add(run_id)
        return None

    def of_pair(self, pair: Pair) -> list[PlacePlan]:
        """List the runs of a cell on a task that are known by now, rung by rung."""
        cell, task = pair
        if task in self.study.ladders:
            return plan_ladder(self.study, cell, task, self.ended)
        return [plan_place(self.study, Place(cell, task), rank_by(self.ended))]

    def places(self) -> list[PlacePlan]:
        """List those of every cell and task, as far as they are known by now."""
        self.open.clear()
        for pair in self.study.pairs:
            self.look(pair)
        return [plan for plans in self.known.values() for plan in plans]

    def look(self, pair: Pair) -> list[PlacePlan]:
        """Follow how far a cell is on a task, and count its runs."""
        plans = self.known[pair] = self.of_pair(pair)
        coming = sum(runs for runs, _ in self.expected(pair))
        self.counts[pair] = sum(len(plan.points) for plan in plans) + coming
        return plans

    def expected(self, pair: Pair) -> list[tuple[int, int | None]]:
        """List runs of a cell on a task that will at least become known, and their lengths."""
        study, plans = self.study, self.known[pair]
        last, seeds = plans[-1], len(study.seeds)
        trials = study.trials_on_a_rung if len(plans) > 1 else study.trials
        found = [] if last.final else [(trials - len(last.trials) + seeds, last.place.length)]
        rungs = study.ladders.get(pair[1])
        if rungs:
            missing = rungs_to_go(study, pair[1], plans)
            coming = rungs[len(plans) : len(plans) + missing]
            found += [(study.trials_on_a_rung + seeds, length) for length in coming]
        return found

    def first(self) -> list[Config]:
        """Return what is known, recorded or not: the runs to begin with."""
        self.handed.clear()
        return [config for plan in self.places() for config in self.hand(plan)]

    def then(self, run_id: str) -> list[Config]:
        """Return what became due of the same cell and task now that a run of it ended."""
        self.open.discard(run_id)
        self.gone.add(run_id)
        self.run_of(run_id)  # its time tells of that to go
        plans = self.look(self.pair_of[run_id])
        return [config for plan in plans for config in self.hand(plan)]

    def hand(self, plan: PlacePlan) -> list[Config]:
        """Return the configs of a place that were not named as due before."""
        new = [point for point in plan.points if self.id_of(point) not in self.handed]
        self.handed.update(self.id_of(point) for point in new)
        study, place = self.study, plan.place
        rung = 0 if place.length is None else study.ladders[place.task].index(place.length)
        for point in new:
            final = point.seed in study.seeds
            seeds = study.seeds if final else study.tuning_seeds
            self.turns[self.id_of(point)] = rung, final, seeds.index(point.seed)
        return [self.config(point) for point in new]

    def recorded(self) -> list[Run]:
        """Return the runs that are recorded, as far as the runs are known."""
        points = (point for plan in self.places() for point in plan.points)
        return [run for point in points if (run := self.record(point)) is not None]

    def unrecorded(self) -> list[Config]:
        """Return a run of every cell and task of which something is missing."""
        self.places()
        return [
            self.config(self.some_point(pair, self.study.seeds[0]))
            for pair, plans in self.known.items()
            if not plans[-1].final or any(self.record(p) is None for q in plans for p in q.points)
        ]

    def forget_failures(self) -> None:
        """Forget what failed before: it is tried again at every call."""
        for plan in self.places():
            for point in plan.points:
                self.store.forget(self.id_of(point))

    def conclude(self) -> dict[str, Any]:
        """Write plan.json, if it changed, and return it: what was run, chosen and failed."""
        content = self.summary()
        path = self.store.folder / "plan.json"
        if not path.exists() or path.read_text() != as_json(content):
            write_json(path, content)
        return content

    def summary(self) -> dict[str, Any]:
        """Return what plan.json says: the stages, the choices, the ladders and the failures."""
        places, failures = self.places(), self.store.failures()
        trials = [self.id_of(p) for plan in places for p in plan.trials]
        final = [self.id_of(p) for plan in places for p in plan.final]
        return {
            "study": self.study.name,
            "title": self.study.title,
            "question": self.study.question,
            "stages": [{"name": "tune", "ids": trials}, {"name": "final", "ids": final}],
            "chosen": [self.choice(plan) for plan in places],
            "ladders": [
                self.ladder(pair, rungs)
                for pair, rungs in self.known.items()
                if pair[1] in self.study.ladders
            ],
            "failed": [
                {key: failures[i][key] for key in ("id", "error", "command")}
                for i in (*trials, *final)
                if i in failures
            ],
        }

    def choice(self, plan: PlacePlan) -> dict[str, Any]:
        """Return the trials of a cell on a task, and what was chosen."""
        trials = []
        for point in plan.trials:
            run = self.record(point)
            score = float("nan") if run is None else run.score("validation")
            value = None if score != score else score
            run_id = self.id_of(point)
            trials.append({"id": run_id, "lr": point.lr, "seed": point.seed, "value": value})
        return {
            "cell": plan.place.cell,
            "task": plan.place.task.partition("@")[0],
            "overrides": [] if plan.chosen is None else [f"optim.lr={plan.chosen}"],
            "bracketed": plan.bracketed,
            "trials": trials,
        }

    def ladder(self, pair: Pair, rungs: list[PlacePlan]) -> dict[str, Any]:
        """Return how far a cell climbed, and whether that is decided."""
        decided = rungs[-1].held is not None and not rungs_to_go(self.study, pair[1], rungs)
        return {
            "cell": pair[0],
            "task": pair[1].partition("@")[0],
            "lengths": self.study.ladders[pair[1]],
            "seeds": len(self.study.seeds),
            "decided": decided,
        }

    def lengths_left(self, pair: Pair) -> list[int | None]:
        """Give the length of each run to go of a cell on a task, as far as they are foreseen."""
        lengths = [length for runs, length in self.expected(pair) for _ in range(runs)]
        for plan in self.known[pair]:
            ended = (self.id_of(p) in self.gone or self.id_of(p) in self.runs for p in plan.points)
            lengths += [plan.place.length] * sum(not each for each in ended)
        return lengths
