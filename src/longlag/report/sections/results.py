"""What each cell achieved, on every task."""

import re

import numpy as np

from longlag.records.overall import Overall
from longlag.records.overall import overall as add_up
from longlag.records.seed_groups import Group
from longlag.report.document import Block, Picture, Section, Table, Text
from longlag.report.figures import success
from longlag.report.figures.style import colors
from longlag.report.findings import FEW, horizons, ladder_tasks
from longlag.report.format import NONE, around, named, percent, seconds, sig
from longlag.stats import Interval

HEADER = (
    "cell", "test score", "range", "floor", "baseline", "solved", "95 % interval",
    "sequences", "parameters", "state", "lr", "seconds",
)  # fmt: skip


def results(settings: dict[str, list[Group]]) -> Section:
    """The table of everything, then all tasks on one scale."""
    blocks: list[Block] = [
        Text(
            "Every score stands beside its floor, what an answer that ignores the past would get: "
            "a cell that does no better has remembered nothing. Where a simple model without a "
            "recurrent state is known to do better than that, it stands there too, as the baseline."
        ),
        table(settings),
        floors(settings),
        *overall(settings),
    ]
    return Section("results", "Results", tuple(blocks))


def table(settings: dict[str, list[Group]]) -> Table:
    """One row a cell and task: score beside its floor."""
    rows: list[tuple[str | None, ...]] = []
    for setting, groups in settings.items():
        rows.append((None, f"{setting} ({rule(groups[0])})"))
        rows += [row(g) for g in groups]
    return Table(
        "scores",
        "Test scores beside their floors. Score: median over the seeds, with the range from the "
        "worst seed to the best; floor and baseline: see the next table; solved: seeds that met "
        "the criterion on validation, with the exact interval of the share; sequences: median "
        "number of training sequences until then; state: numbers carried from step to step; "
        "lr: the learning rate chosen on validation; seconds: median wall time of a run.",
        HEADER,
        tuple(rows),
        note="A range is no confidence interval: it says what these seeds did.",
        wide=True,
    )


def floors(settings: dict[str, list[Group]]) -> Table:
    """What every score is compared with."""
    rows: list[tuple[str | None, ...]] = []
    for setting, groups in settings.items():
        run = groups[0].runs[0]
        known = [*run.floors, *run.baselines] or [(float("nan"), "no floor is known")]
        for i, (value, why) in enumerate(known):
            rows.append((setting if i == 0 else "", sig(value), why))
    return Table(
        "floors",
        "The floor of every task (first line of each) and other simple answers.",
        ("task", "score", "what gets it"),
        tuple(rows),
        "lrl",
    )


def rule(g: Group) -> str:
    """The metric and what counts as solved."""
    run = g.runs[0]
    score = f"{named(g.metric)}, {'more' if run.rises else 'less'} is better"
    solved = run.record.solved
    if not solved:
        return score
    sign = "≥" if run.higher_is_better(solved.metric) else "≤"
    return f"{score}; solved: {named(solved.metric)} {sign} {solved.threshold:g}"


def share(interval: Interval, n: int) -> str:
    """The interval of a share, cut to what a share can be."""
    if np.isnan(interval.low):
        return around(interval, n)
    return f"{percent(max(0, interval.low))} to {percent(min(1, interval.high))}"


def row(g: Group) -> tuple[str | None, ...]:
    """One row."""
    lost = sum(run.diverged for run in g.runs)
    rules = [run.record.solved for run in g.runs]
    needed = [rule.sequences for rule in rules if rule and rule.sequences]
    size = g.runs[0].record.model
    return (
        g.label,
        sig(g.score.value) + (f" ({lost} diverged)" if lost else ""),
        around(g.score, int((~np.isnan(g.scores)).sum())),
        sig(g.runs[0].floor),
        sig(g.runs[0].baseline),
        NONE if g.solved is None else f"{g.solved}/{len(g.runs)}",
        share(g.success, len(g.runs)),
        f"{np.median(needed):,.0f}" if needed else NONE,
        f"{size.parameters:,}",
        f"{size.state_size:,}",
        f"{g.runs[0].rate:g}",
        seconds(float(np.median([run.seconds for run in g.runs]))),
    )


def overall(settings: dict[str, list[Group]]) -> list[Block]:
    """Success, skill, performance profile and probability of improvement, each task once."""
    cells = add_up(settings)
    if not cells:
        return []
    ink = colors(cells)
    return [
        Text(
            "To add tasks up, each task counts once, however many lengths it was run at: tasks "
            "with a criterion by the share of seeds that met it, the others by their *skill*: 0 at "
            "the floor and 1 for a perfect answer (1 - score/floor where less is better, (score - "
            "floor)/(1 - floor) where more is); a run that diverged, or does worse than the floor, "
            "has skill 0. Each seed gives one mean over the tasks; intervals are Student's t over "
            "seeds."
        ),
        Table(
            "overall",
            "All tasks added up, each once.",
            ("cell", "tasks solved", "95 % interval", "skill", "95 % interval"),
            tuple(
                (
                    c.label,
                    percent(c.success.value),
                    share(c.success, len(c.solved)),
                    sig(c.mean_skill.value, 2),
                    around(c.mean_skill, len(c.skill)),
                )
                for c in cells
            ),
        ),
        Picture(
            "skill",
            "All tasks together. First: the share of tasks with a criterion that was met and the "
            "mean skill on the others, a tick a seed. Second: performance profile, the share of "
            "runs above every skill, averaged over tasks [1].",
            "Success and mean skill of each cell, beside a performance profile.",
            success.overall(cells, ink),
            wide=len(cells) > success.MANY,
        ),
        improvement(cells),
    ]


def improvement(cells: list[Overall]) -> Table:
    """Every pair of cells."""
    return Table(
        "improvement",
        "Probability of improvement [1]: the chance that a run of the row's cell beats a run of "
        "the column's on the same task, a tie counting one half, averaged over tasks.",
        ("beats", *(c.label for c in cells)),
        tuple(
            (a.label, *(NONE if a is b else sig(a.improves(b), 2) for b in cells)) for a in cells
        ),
        wide=len(cells) > FEW,
    )


def slug(name: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def horizon(settings: dict[str, list[Group]]) -> Section | None:
    """The memory horizon of every task with a ladder of lengths."""
    blocks: list[Block] = [
        Text(
            "The memory horizon is the largest length of the ladder that at least 80 % of the "
            "seeds solve within the same budget of training. It carries no interval: with so few "
            "seeds none would hold its level; the counts at every length stand beside it."
        )
    ]
    for task, groups in ladder_tasks(settings).items():
        lengths = sorted({g.length or 0 for g in groups})
        blocks += [
            Picture(
                f"horizon-{slug(task)}",
                f"Memory horizon on {task}: share of seeds that solve each length within the "
                "budget, with the exact 95 % interval; the dashed line is the 80 % that a horizon "
                "asks for.",
                f"Success rate over sequence length on {task}, one line a cell.",
                success.ladder(groups),
            ),
            Table(
                f"horizons-{slug(task)}",
                f"Memory horizon on {task}: the largest length that at least 80 % of the seeds "
                "solve, and how many solved each length.",
                ("cell", "horizon (steps)", *(f"T = {T}" for T in lengths)),
                tuple(
                    (label, str(h), *(counted(groups, label, T) for T in lengths))
                    for label, h in horizons(groups).items()
                ),
            ),
        ]
    return Section("horizon", "Memory horizon", tuple(blocks)) if len(blocks) > 1 else None


def counted(groups: list[Group], label: str, length: int) -> str:
    """How many seeds of a cell solved a length."""
    found = [g for g in groups if (g.label, g.length) == (label, length)]
    return f"{found[0].solved}/{len(found[0].runs)}" if found else NONE
