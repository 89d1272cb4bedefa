"""How long the runs of a study still take, told by the pace of those that are recorded."""

from collections.abc import Iterable

from longlag.studies.plan import Pair, StudyPlan
from longlag.studies.search import mean

SECONDS_A_STEP = 0.005  # a rough guess, until there are records to go by
Paces = dict[Pair, float]


def seconds_left(plan: StudyPlan) -> float:
    """Estimate the core seconds to go from the runs that are known, or by a rough guess."""
    return to_go(plan, plan.known)[2]


def to_go(plan: StudyPlan, pairs: Iterable[Pair]) -> tuple[int, int, float]:
    """Count the runs of some pairs and those recorded, and estimate the core seconds to go."""
    found, pairs = paces(plan), list(pairs)
    left = [(pair, length) for pair in pairs for length in plan.lengths_left(pair)]
    runs = sum(plan.counts[pair] for pair in pairs)
    return runs, runs - len(left), sum(seconds_of(plan, p, T, found) for p, T in left)


def paces(plan: StudyPlan) -> Paces:
    """Average the seconds for each step of a sequence: by cell and task, and by task alone."""
    found: dict[Pair, list[float]] = {}
    for run in [*plan.alike, *plan.runs.values()]:  # a line of progress asks from its thread
        pace = run.seconds / (run.length or 1)
        for like in ((run.cell, run.task), ("", run.task)):
            found.setdefault(like, []).append(pace)
    return {like: mean(values) for like, values in found.items()}


def seconds_of(plan: StudyPlan, pair: Pair, length: int | None, known: Paces) -> float:
    """Estimate those of a run of a cell on a task, at the pace of the most alike runs."""
    config = plan.configs[plan.known[pair][0].points[0]]
    cell, task, own = pair[0], config.names["task"], config.plain["task"].get("length")
    for like in ((cell, task), ("", task)):
        if like in known:
            return known[like] * (length or own or 1)
    return SECONDS_A_STEP * config.plain["trainer"]["max_steps"]
