"""How busy the runner keeps many workers: a simulated clock, the true plan, runner and store.

The runs compute nothing and last as long as is drawn, exponentially about a mean.  The clock is the
runner's own processor time, and jumps while it waits.  The records are written by the simulated
workers, whose time is not counted; nor is what a network takes.

    python benchmarks/runner.py [--workers 1000] [--seconds 30] [--seeds 107]
    python benchmarks/runner.py --no-trials --seeds 21

The first study chooses rates by trials, and some workers wait for the slowest trial of a place; in
the second every run is due from the beginning, so that what is lost is the runner's own.
"""

import argparse
import heapq
import pickle
import random
import tempfile
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from queue import Empty
from typing import Any

from longlag.records import store as store_module
from longlag.records.reader import read_study
from longlag.records.store import Store
from longlag.runs.config import Config
from longlag.studies.plan import StudyPlan
from longlag.studies.runner import Runner
from longlag.studies.study import Study, study_of

BENCH = Path(__file__).parents[1] / "results" / "bench"
CELLS, TASKS = 20, ("adding", "copy", "parity", "latch", "dyck", "anbn", "frequency", "reber")
TUNING = [1000, 1001, 1002, 1003, 1004]


class Simulation:
    """Workers whose runs end when the clock says so; also the queue on which the runner waits."""

    patience = float("inf")

    def __init__(self, workers: int, mean: float, store: Store) -> None:
        self.workers = self.ahead = workers
        self.mean, self.store, self.draw = mean, store, random.Random(0)
        self.example = read_study(BENCH).runs[0].record
        self.began = time.process_time()
        self.offset, self.spent = -self.began, 0.0  # of the runner itself
        self.waiting: deque[tuple[float, Future[Any], Config]] = deque()
        self.running: list[tuple[float, int, Future[Any], Config]] = []
        self.done: deque[Future[Any]] = deque()
        self.spans: list[tuple[float, float]] = []  # of the runs: begin and end
        self.last, self.count = 0.0, 0

    def now(self) -> float:
        return time.process_time() + self.offset

    def submit(self, function: Callable[..., Any], config: Config, *more: Any) -> Future[Any]:
        pickle.dumps((function, config, *more))  # as every executor must
        future: Future[Any] = Future()
        self.waiting.append((self.now(), future, config))
        self.begin(self.now())
        return future

    def begin(self, when: float) -> None:
        """Start what waits on the workers that are free."""
        while self.waiting and len(self.running) < self.workers:
            since, future, config = self.waiting.popleft()
            seconds = self.draw.expovariate(1 / self.mean)
            self.count += 1
            begin = max(when, since)
            self.spans.append((begin, begin + seconds))
            heapq.heappush(self.running, (begin + seconds, self.count, future, config))

    def finish_one(self) -> None:
        """End the run that ends first; its record costs the runner's clock nothing."""
        self.last, _, future, config = heapq.heappop(self.running)
        start = time.process_time()
        self.spent = start - self.began
        own = {"id": config.id, "names": config.names, "config": config.scientific}
        self.store.save(replace(self.example, **own, files={}), [], {})
        future.set_result("done")
        self.offset -= time.process_time() - start
        self.began += time.process_time() - start
        self.begin(self.last)

    def put(self, future: Future[Any]) -> None:
        self.done.append(future)

    def empty(self) -> bool:
        return not self.done

    def get(self, timeout: float | None = None) -> Future[Any]:
        """Deliver what ended meanwhile; else let the clock jump to the next end."""
        while self.running and self.running[0][0] <= self.now():
            self.finish_one()
        if not self.done:
            if not self.running:
                raise Empty
            self.offset += self.running[0][0] - self.now()
            self.finish_one()
        return self.done.popleft()

    def stop(self) -> None:
        pass


def large_study(seeds: int, trials: bool) -> Study:
    """Each of 20 cells on 8 tasks, with 18 trials and the final runs, or with each of 6 rates."""
    study = study_of(["study=bench", "logger=none"])
    return replace(
        study,
        cells=study_of(["study=atlas"]).cells[:CELLS],
        tasks={task: [] for task in TASKS},
        ladders={},
        tuning_seeds=TUNING if trials else [],
        tune=trials,
        seeds=list(range(seeds)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, default=107)
    parser.add_argument("--no-trials", action="store_true", help="every rate runs on every seed")
    asked = parser.parse_args()
    store_module.flush = lambda path: None  # what the disk does is the workers' time
    with tempfile.TemporaryDirectory() as place:
        store = Store(Path(place), "large")
        store.prepare()
        start = time.process_time()
        plan = StudyPlan(large_study(asked.seeds, not asked.no_trials), store)
        ready = time.process_time()
        workers = Simulation(asked.workers, asked.seconds, store)
        runner = Runner(store, workers, plan.then)
        runner.over = workers  # type: ignore[assignment]
        runner.run(plan.first())
    until = max(begin for begin, _ in workers.spans)  # there was a run for every worker
    whole = busy(workers.spans, workers.last) / asked.workers
    share = busy(workers.spans, until) / asked.workers
    print(
        f"{len(runner.ended)} runs of {asked.seconds:g} s in the mean on {asked.workers} workers: "
        f"busy for {share:.1%} of the {until:.0f} s until the last run began, {whole:.1%} of all "
        f"{workers.last:.0f} s; {ready - start:.1f} s to plan and "
        f"{1000 * workers.spent / len(runner.ended):.1f} ms for each run, of processor time"
    )


def busy(spans: list[tuple[float, float]], until: float) -> float:
    """Workers that are busy in the mean until a time."""
    return sum(min(end, until) - begin for begin, end in spans if begin < until) / until


if __name__ == "__main__":
    main()
