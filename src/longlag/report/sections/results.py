"""What each cell achieved, on every task."""

import re

import numpy as np

from longlag.records.seed_groups import Group, fresh
from longlag.report.document import Block, Picture, Section, Table, Text
from longlag.report.figures import success
from longlag.report.figures.style import colors
from longlag.report.findings import FEW, horizons, ladder_tasks, steps
from longlag.report.format import NONE, bracket, named, percent, ranged, seconds, sig
from longlag.stats import performance_profile, probability_of_improvement, stratified_iqm

HEADER = (
    "cell", "test score", "95 % interval", "floor", "baseline", "solved", "95 % interval",
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
        "Test scores beside their floors. Score: interquartile mean over the seeds, with a "
        "bootstrap interval; floor and baseline: see the next table; solved: seeds that met "
        "the task's published criterion on validation, with Wilson's interval; sequences: median "
        "number of training sequences until then; state: numbers carried from step to step; "
        "lr: the learning rate chosen on validation; seconds: median wall time of a run.",
        HEADER,
        tuple(rows),
        note="With 3 to 5 seeds a percentile bootstrap is too narrow: it cannot look beyond the "
        "best and the worst seed. Read it as a range, not as a promise.",
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
    solved = run.record.get("solved")
    if not solved:
        return score
    more = run.record.get("directions", {}).get(solved["metric"]) == "max"
    sign = "≥" if more else "≤"
    return f"{score}; solved: {named(solved['metric'])} {sign} {solved['threshold']:g}"


def row(g: Group) -> tuple[str | None, ...]:
    """One row."""
    lost = sum(run.diverged for run in g.runs)
    needed = [(run.record.get("solved") or {}).get("sequences") for run in g.runs]
    needed = [n for n in needed if n]
    size = g.runs[0].record["model"]
    return (
        g.label,
        sig(g.score.value) + (f" ({lost} diverged)" if lost else ""),
        bracket(g.score) or NONE,
        sig(g.runs[0].floor),
        sig(g.runs[0].baseline),
        NONE if g.solved is None else f"{g.solved}/{len(g.runs)}",
        NONE if g.solved is None else f"{percent(g.success.low)} to {percent(g.success.high)}",
        f"{np.median(needed):,.0f}" if needed else NONE,
        f"{size.get('parameters', 0):,}",
        f"{size.get('state_size', 0):,}",
        f"{g.runs[0].rate:g}",
        seconds(float(np.median([run.seconds for run in g.runs]))),
    )


def overall(settings: dict[str, list[Group]]) -> list[Block]:
    """IQM, performance profile and probability of improvement of the cells that ran everywhere."""
    strata = {s: gs for s, gs in settings.items() if not np.isnan(gs[0].runs[0].floor)}
    labels = [
        label
        for label in dict.fromkeys(g.label for gs in strata.values() for g in gs)
        if all(any(g.label == label for g in gs) for gs in strata.values())
    ]
    if len(labels) < 2:
        return []
    skills = {
        label: [next(g for g in gs if g.label == label).skills for gs in strata.values()]
        for label in labels
    }
    scores = {label: stratified_iqm(skills[label], fresh()) for label in labels}
    profiles = {label: performance_profile(skills[label], success.BARS) for label in labels}
    pooled = {label: np.concatenate(skills[label]) for label in labels}
    ink = colors(g for gs in strata.values() for g in gs)
    return [
        Text(
            "To add tasks up, every score is put on one scale, its *skill*: 0 at the floor and 1 "
            "for a perfect answer (1 - score/floor where less is better, (score - floor)/(1 - "
            "floor) where more is); a run that diverged, or does worse than the floor, has skill 0."
        ),
        Picture(
            "skill",
            f"All tasks together, {len(strata)} settings. First: interquartile mean of the skill "
            "with a stratified bootstrap 95 % interval [1], and a tick a run. Second: performance "
            "profile, the share of runs above every skill.",
            "Interquartile mean skill of each cell with its interval, beside a performance "
            f"profile: {'; '.join(f'{label} {ranged(i, 2)}' for label, i in scores.items())}.",
            success.overall(scores, pooled, profiles, ink),
            wide=len(labels) > success.MANY,
        ),
        improvement(labels, skills),
    ]


def improvement(labels: list[str], skills: dict[str, list[np.ndarray]]) -> Table:
    """Every pair of cells."""
    rows = []
    for a in labels:
        cells = []
        for b in labels:
            found = probability_of_improvement(skills[a], skills[b], fresh())
            shown = ranged(found, 2) if len(labels) <= FEW else sig(found.value, 2)
            cells.append(NONE if a == b else shown)
        rows.append((a, *cells))
    return Table(
        "improvement",
        "Probability of improvement [1]: the chance that a run of the row's cell beats a run of "
        "the column's on the same task, a tie counting one half, with a stratified bootstrap "
        "interval.",
        ("beats", *labels),
        tuple(rows),
        wide=len(labels) > FEW,
    )


def slug(name: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def horizon(settings: dict[str, list[Group]]) -> Section | None:
    """The memory horizon of every task with a ladder of lengths."""
    blocks: list[Block] = [
        Text(
            "The memory horizon is the largest length of the ladder that at least 80 % of the "
            "seeds solve within the same budget of training."
        )
    ]
    for task, groups in ladder_tasks(settings).items():
        found, top = horizons(groups), max(g.length or 0 for g in groups)
        blocks += [
            Picture(
                f"horizon-{slug(task)}",
                f"Memory horizon on {task}: share of seeds that solve each length within the "
                "budget, with Wilson's 95 % interval; the dashed line is the 80 % that a horizon "
                "asks for.",
                f"Success rate over sequence length on {task}, one line a cell.",
                success.ladder(groups),
            ),
            Table(
                f"horizons-{slug(task)}",
                f"Memory horizon on {task}: the largest length that at least 80 % of the seeds "
                "solve, with a bootstrap 95 % interval. At the top of the ladder it is a lower "
                "bound.",
                ("cell", "horizon (steps)", "95 % interval"),
                tuple(
                    (label, f"{'≥ ' * (h.value == top)}{h.value:.0f}", steps(h) or NONE)
                    for label, h in found.items()
                ),
            ),
        ]
    return Section("horizon", "Memory horizon", tuple(blocks)) if len(blocks) > 1 else None
