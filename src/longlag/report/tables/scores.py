"""What the cells achieved: scores, floors, criteria, horizons and all tasks added up."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from longlag.records.overall import Overall
from longlag.records.record import Answer
from longlag.records.run import Run
from longlag.records.seed_groups import Group, task_label
from longlag.report.document import Table
from longlag.report.format import NONE, around, fixed, named, percent, seconds, share, sig, whole
from longlag.report.tables.columns import Column, build, words
from longlag.report.view import View
from longlag.report.words import Missing
from longlag.stats import Horizon

FEW = 4  # cells whose comparison fits into a column of the paper


def known(g: Group) -> int:
    """Count the seeds that have a score."""
    return int((~np.isnan(g.scores)).sum())


def score(g: Group) -> str:
    """Write the median, and how many seeds diverged."""
    lost = sum(run.diverged for run in g.runs)
    return sig(g.score.value) + (f" ({lost} diverged)" if lost else "")


def sequences(g: Group) -> float:
    """Take the median number of training sequences of the seeds that met the criterion."""
    rules = [run.record.solved for run in g.runs]
    needed = [rule.sequences for rule in rules if rule and rule.sequences]
    return float(np.median(needed)) if needed else float("nan")


def measured(runs: Iterable[Run]) -> float:
    """Take the median over the runs of what the floor's answer scored on their test sequences."""
    return float(np.median([run.measured_floor for run in runs]))


def records(g: Group) -> str:
    """Find the record of the median run from the report's folder; nothing if it is packed."""
    path = g.typical.folder / "record.json"
    return f"{path.parent.name}/{path.name}" if path.is_file() else ""


CELL = words("cell", lambda g: g.label, records)
SCORE = Column("test score", lambda g: g.score.value, score, whole=True)
RANGE = Column("range", lambda g: g.score, lambda g: around(g.score, known(g)), whole=True)
FLOOR = Column("floor", lambda g: g.runs[0].floor)
MEASURED = Column("measured", lambda g: measured(g.runs))
BASELINE = Column("baseline", lambda g: g.runs[0].baseline)
SOLVED = Column(
    "solved",
    lambda g: np.nan if g.solved is None else g.solved,
    lambda g: NONE if g.solved is None else f"{g.solved}/{len(g.runs)}",
    whole=True,
)
SUCCESS = Column("95 %", lambda g: g.success, lambda g: share(g.success, len(g.runs)), whole=True)
PARAMETERS = Column("parameters", lambda g: g.runs[0].parameters, whole)
STATE = Column("state", lambda g: g.runs[0].record.model.state_size, whole)
MORE = (
    Column("sequences", sequences, whole),
    Column("lr", lambda g: g.runs[0].rate, lambda x: f"{x:g}"),
    Column("seconds", lambda g: float(np.median([r.seconds for r in g.runs])), seconds),
)
SHORT = (CELL, SCORE, RANGE, FLOOR, MEASURED, BASELINE, SOLVED, PARAMETERS, STATE)


def headed(view: View) -> list:
    """List the rows under the name, the metric and the criterion of their task."""
    found: list = []
    for setting, groups in view.rows.items():
        found += [f"{setting} ({rule(groups[0])})", *groups]
    return found


def scores(view: View) -> Table:
    """Make the table of the paper."""
    return build("scores", SHORT, headed(view), wide=True)


def scores_full(view: View) -> Table:
    """Make the table of the supplement."""
    columns = (CELL, SCORE, RANGE, SOLVED, SUCCESS, *MORE)
    return build("scores-full", columns, headed(view), wide=True)


def rule(g: Group) -> str:
    """Name the metric and what counts as solved; a star: the criterion is longlag's own."""
    run, solved = g.runs[0], g.runs[0].record.solved
    text = f"{named(g.metric)}, {'more' if run.rises else 'less'} is better"
    if solved is None:
        return text
    sign = "≥" if run.higher_is_better(solved.metric) else "≤"
    own = "" if solved.published else "*"
    return f"{text}; solved: {named(solved.metric)} {sign} {solved.threshold:g}{own}"


UNKNOWN = Answer("none", float("nan"), "no floor is known")


class Simple(NamedTuple):
    """A row of the table of floors."""

    task: str
    kind: str
    answer: Answer
    measured: float = float("nan")  # on the runs' own test sequences


def floors(view: View) -> Table:
    """List what every score is compared with."""
    rows = []
    for setting, groups in view.rows.items():
        run, seen = groups[0].runs[0], measured(groups[0].runs)
        found = [Simple(setting, "floor", a, seen) for a in run.floors or [UNKNOWN]]
        found += [Simple(setting, "baseline", a) for a in run.baselines]
        rows += found[:1] + [one._replace(task="", measured=np.nan) for one in found[1:]]
    columns = [
        words("task", lambda row: row.task),
        words("kind", lambda row: row.kind),
        Column("score", lambda row: row.answer.value),
        Column("measured", lambda row: row.measured),
        words("what gets it", lambda row: row.answer.why),
    ]
    return build("floors", columns, rows, wide=True)


def criteria(view: View) -> Table:
    """Say when each task counts as solved, and who says so."""
    groups = list({g.task: g for g in view.groups if g.runs[0].record.solved}.values())
    if not groups:
        raise Missing("criteria")

    def source(g: Group) -> str:
        solved = g.runs[0].record.solved
        if solved is None or not solved.published:
            return "longlag's criterion"
        return f"published: {solved.source}"

    columns = (
        words("task", lambda g: task_label(g.task)),
        words("criterion", lambda g: rule(g).rpartition("solved: ")[2].rstrip("*")),
        words("from", source),
        words("task from", lambda g: g.runs[0].record.task.source or NONE),
    )
    return build("criteria", columns, groups, wide=True)


def horizon(view: View) -> Table:
    """Give the horizon of every cell with its interval, and the seeds that solved each length."""

    def count(g: Group) -> str:
        rest = view.planned(g) - len(g.runs)  # seeds that could not have changed the verdict
        return (
            f"≤ {(g.solved or 0) + rest}/{len(g.runs) + rest}"
            if rest
            else f"{g.solved}/{len(g.runs)}"
        )

    def between(h: Horizon) -> str:
        low, high = h.low or f"< {h.shortest}", h.high or f"> {h.longest}"
        return f"{low} to {high}"

    rows: list = []
    lengths = sorted({g.length for gs in view.ladders.values() for g in gs if g.length})
    for task, groups in view.ladders.items():
        counts = {(g.label, g.length): count(g) for g in groups}
        rows += [task_label(task)] if len(view.ladders) > 1 else []
        rows += [(label, h, counts) for label, h in view.horizons[task].items()]
    columns = [
        words("cell", lambda row: row[0]),
        Column("horizon (steps)", lambda row: row[1].value or 0, lambda r: str(r[1]), whole=True),
        Column("half solve", lambda row: row[1].low or 0, lambda r: between(r[1]), whole=True),
    ]
    columns += [
        Column(f"T = {T}", lambda row, T=T: row[2].get((row[0], T), NONE), str) for T in lengths
    ]
    return build("horizons", columns, rows, wide=len(lengths) > FEW)


def overall(view: View) -> Table:
    """Compare the cells over all tasks."""

    def interval(name: str, seeds: str, show) -> Column:
        return Column(
            "95 %",
            lambda c: getattr(c, name),
            lambda c: show(getattr(c, name), len(getattr(c, seeds))),
            whole=True,
        )

    columns = (
        words("cell", lambda c: c.label),
        Column("tasks solved", lambda c: c.success.value, percent),
        interval("success", "solved", share),
        Column("skill", lambda c: c.mean_skill.value, fixed),
        interval("mean_skill", "skill", around),
    )
    return build("overall", columns, view.overall)


def improvement(view: View) -> Table:
    """Compare every pair of cells."""

    def against(other: Overall) -> Column:
        return Column(
            other.label,
            lambda c: np.nan if c is other else c.improves(other),
            fixed,
        )

    columns = [words("beats", lambda c: c.label), *map(against, view.overall)]
    return build("improvement", columns, view.overall, wide=len(view.overall) > FEW)
