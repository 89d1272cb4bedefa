"""Carry runs over the chosen executor, under a progress line; Ctrl-C ends it cleanly."""

import time

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from longlag.cli.progress import Progress, clock
from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.runs.config import Config
from longlag.studies.pace import seconds_left
from longlag.studies.placing import Budget
from longlag.studies.plan import StudyPlan
from longlag.studies.runner import Executor, Runner

OUT = console()


def make_executor(config: Config, threads: int) -> Executor:
    """Build the executor of conf/executor that was chosen."""
    try:
        return instantiate(config.values.executor)(threads=threads)
    except InstantiationException as error:
        reason = str(error).strip().splitlines()[0]
        raise LonglagError(f"executor cannot be built: {reason}; give executor=NAME") from error


def train(plan: StudyPlan, executor: Executor, budget: Budget | None = None) -> int:
    """Check every cell and task, then run what is missing; 130 after Ctrl-C."""
    from longlag.runs.instantiate import check

    for config in plan.unrecorded():
        check(config)
    plan.store.prepare()
    plan.forget_failures()
    runner = Runner(plan.store, executor, plan.then, budget.pick if budget else None)
    return carry(runner, plan.first(), plan, budget)


def carry(
    runner: Runner,
    configs: list[Config],
    plan: StudyPlan | None = None,
    budget: Budget | None = None,
) -> int:
    """Run configs under a progress line, then say how busy the workers were; 130 after Ctrl-C."""
    total = (lambda: plan.total) if plan else len(configs)
    before = len(plan.recorded()) if plan else sum(runner.store.has(c.id) for c in configs)
    start = time.perf_counter()

    def left() -> float:
        seconds = seconds_left(plan) / runner.executor.workers if plan else float("inf")
        return min(seconds, budget.seconds_left) if budget else seconds

    try:
        with Progress(total, before, runner.count, left if plan else None):
            runner.run(configs)
    except KeyboardInterrupt:
        OUT.print("stopped; every run that ended is recorded: the same command goes on there")
        return 130
    finally:
        runner.store.prepare()  # clears what workers left that were ended
    ran = runner.ended - runner.found
    if plan and (new := [run for run in plan.recorded() if run.id in ran]):
        spent, workers = time.perf_counter() - start, runner.executor.workers
        share = sum(run.seconds for run in new) / (spent * workers)
        OUT.print(
            f"{len(new)} runs in {clock(spent)} on {workers} processors, busy with them for "
            f"{share:.0%} of it"
        )
    return 0
