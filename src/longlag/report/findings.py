"""What was found, in sentences made from the numbers: also where the gradient is not the reason."""

from collections.abc import Sequence

import numpy as np

from longlag.records.gradient_decay import Outcome, auc, link, rate, remains
from longlag.records.seed_groups import Group
from longlag.records.state_paths import Path
from longlag.report.format import listed, named, percent, power, sig
from longlag.stats import Horizon, memory_horizon

FEW = 4  # cells that a sentence can hold
ENOUGH = 30  # pairs of an unsolved and a solved run of one cell and task, for a claim on them
CAUSE = (
    "The rate after training may be a consequence of the outcome as well as its cause: it is "
    "measured on the network that has, or has not, learnt."
)
TELLS, SILENT = 0.85, 0.65  # chance of ordering a solved and an unsolved run by their gradients


def headline(settings: dict[str, list[Group]]) -> str:
    """The task that says most: the widest spread of skill between cells, then the longest lag."""

    def weight(name: str) -> tuple[bool, float, int]:
        groups = settings[name]
        means = [float(np.mean(g.skills)) for g in groups]
        lag = groups[0].runs[0].lag or 0
        spread = max(means) - min(means)
        return any(g.paths for g in groups), round(0 if np.isnan(spread) else spread, 1), lag

    return max(settings, key=weight)


def findings(settings: dict[str, list[Group]], found: list[Outcome]) -> tuple[str, ...]:
    """The sentences of the abstract, in the order of the argument."""
    main = settings[headline(settings)]
    said = [
        *answer(settings),
        explained(found),
        *achieved(settings),
        initially(main),
        afterwards(main),
    ]
    return tuple(sentence for sentence in said if sentence)


def answer(settings: dict[str, list[Group]]) -> list[str]:
    """Which cells remember how long, in words, on every task with a ladder."""
    said = []
    for task, groups in ladder_tasks(settings).items():
        found = horizons(groups)
        first = next(iter(found.values()))
        top = [label for label, h in found.items() if h.above]
        none = [label for label, h in found.items() if h.value is None]
        some = [f"{label} {h}" for label, h in found.items() if h.value and not h.above]
        parts = []
        if top:
            parts.append(f"the {listed(top)} bridge{'s' * (len(top) == 1)} every lag that was "
                         f"tried (memory horizon ≥ {first.longest} steps)")  # fmt: skip
        if some:
            parts.append(f"of the rest, memory horizons are {listed(some)} steps")
        if none:
            parts.append(f"the {listed(none)} {'does' if len(none) == 1 else 'do'} not bridge even "
                         f"the shortest (< {first.shortest})")  # fmt: skip
        said.append(f"On {task}, {'; '.join(parts)}.")
    return said


def achieved(settings: dict[str, list[Group]]) -> list[str]:
    """What was achieved on every task without a ladder: the score beside the floor, and solved."""
    said = []
    ladders = ladder_tasks(settings)
    for setting, groups in settings.items():
        if groups[0].task in ladders:
            continue
        judged = groups[0].solved is not None
        if judged and len(groups) > FEW and any(g.solved for g in groups):
            said.append(f"On {setting}, {crowd(groups)}.")
            continue
        parts = [score(g) for g in ends(groups)]
        none = judged and not any(g.solved for g in groups)
        lead = "no cell met the criterion; " if none else ""
        said.append(
            f"On {setting}, {lead}{named(groups[0].metric)} on test is {listed(parts)}"
            f"{beside(groups[0])}."
        )
    return said


def score(g: Group) -> str:
    """The score of a cell, and how many of its seeds met the criterion where some did."""
    met = f" ({g.solved} of {len(g.runs)} seeds solved it)" if g.solved is not None else ""
    return f"{sig(g.score.value)} for the {g.label}{met if g.solved else ''}"


def crowd(groups: list[Group]) -> str:
    """How many of many cells met the criterion."""
    every = [g.label for g in groups if g.solved == len(g.runs)]
    none = [g.label for g in groups if g.solved == 0]
    return (
        f"{len(every)} of {len(groups)} cells met the criterion with every seed and {len(none)} "
        f"with none{f' ({listed(none)})' if 0 < len(none) <= FEW else ''}"
    )


def ends(groups: list[Group]) -> list[Group]:
    """A few rows: all of them, or the best and the worst of many."""
    if len(groups) <= FEW:
        return groups
    order = sorted(groups, key=lambda g: float(np.mean(g.skills)))
    return [order[-1], order[0]]


def beside(g: Group) -> str:
    """The floor and the baseline of a task, for the end of a sentence."""
    run = g.runs[0]
    if np.isnan(run.floor):
        return ""
    best = next(
        (f", a baseline ({why}) gets {sig(x)}" for x, why in run.baselines if x == run.baseline), ""
    )
    return f"; the floor is {sig(run.floor)}{best}"


def ladder_tasks(settings: dict[str, list[Group]]) -> dict[str, list[Group]]:
    """The tasks with a criterion that were run at more than one length."""
    tasks: dict[str, list[Group]] = {}
    for groups in settings.values():
        if groups[0].length is not None and groups[0].solved is not None:
            tasks.setdefault(groups[0].task, []).extend(groups)
    return {t: found for t, found in tasks.items() if len({g.length for g in found}) > 1}


def horizons(groups: Sequence[Group]) -> dict[str, Horizon]:
    """The memory horizon of each row label of one task."""
    found = {}
    for label in dict.fromkeys(g.label for g in groups):
        solved = {
            g.length: np.array([bool(run.solved) for run in g.runs])
            for g in groups
            if g.label == label and g.length is not None
        }
        found[label] = memory_horizon(solved)
    return found


def pace(groups: list[Group], at: int, outcome: bool) -> str:
    """The decay rate of each row's best path, and what is left of it at the longest lag.

    The best path is one of the first layer, see `best_rate`.  Where `outcome` is asked for and
    some runs of a row solved the task, they are told apart from those that did not.
    """
    said = []
    for g in ends(groups):
        found = {path: rate(g, path.leaf, at, path.layer) for path in g.entrance}
        found = {path: d for path, d in found.items() if not np.isnan(d.rate)}
        if not found:
            continue
        path = min(found, key=lambda path: found[path].rate)
        way = f"in the {g.label}{f' along {g.named(path)}' if len(g.paths) > 1 else ''}"
        held, lost = (g.among(True), g.among(False)) if outcome else (None, None)
        if held is not None and lost is not None:
            said.append(
                f"{along(held, path, at)[0]} {way} where it solved the task "
                f"({len(held.runs)}/{len(g.runs)}; {along(held, path, at)[1]} is left) against "
                f"{along(lost, path, at)[0]} where it did not ({along(lost, path, at)[1]} is left)"
            )
        else:
            met = f"; solved {g.solved}/{len(g.runs)}" if outcome and g.solved is not None else ""
            speed, share = along(g, path, at)
            said.append(f"{speed} {way} ({share} is left{met})")
    return listed(said) if said else ""


def along(g: Group, path: Path, at: int) -> tuple[str, str]:
    """The decay rate of one path, and what is left of it at the longest lag."""
    where = (path.leaf, at, path.layer)
    return sig(rate(g, *where).rate, 2), power(remains(g, *where))


def initially(groups: list[Group]) -> str:
    """The gradient before any training."""
    said = pace(groups, 0, False)
    if not said:
        return ""
    rates = [rate(g, path.leaf, 0, path.layer) for g in groups for path in g.paths]
    every = all((d.rate if np.isnan(d.low) else d.low) > 0 for d in rates if not np.isnan(d.rate))
    lead = "fades in every cell" if every else "does not fade in every cell"
    return (
        f"At initialisation, on {groups[0].setting}, the gradient {lead}. Its decay rate along the "
        f"best path of the state, in nats a step, is {said} at the longest lag."
    )


def afterwards(groups: list[Group]) -> str:
    """The gradient after training, with who solved the task."""
    said = pace(groups, -1, True)
    return f"After training it is {said}." if said else ""


def explained(found: list[Outcome]) -> str:
    """Whether the decay rate goes with success, before and after training."""
    judged = [o for o in found if o.run.solved is not None]
    if not judged:
        return ""
    before, after = link(judged, "initial"), link(judged, "final")
    if np.isnan(after.auc):
        return (
            f"Whether the gradient explains success cannot be told here: {after.solved} of "
            f"{after.runs} runs met their criterion, but on no task did some runs meet it and "
            "others not."
        )
    parts: dict[tuple[str, str], list[Outcome]] = {}
    for o in judged:
        parts.setdefault((o.row.setting, o.row.label), []).append(o)
    (start, pairs), (end, _) = auc(parts.values(), "initial"), auc(parts.values(), "final")
    said = (
        f"Over {after.runs} runs with a criterion, of which {after.solved} met it, the gradient of "
        "an unsolved run fades faster than that of a solved run of the same task in "
        f"{percent(after.auc)} of {after.pairs} pairs after training and in {percent(before.auc)} "
        "at initialisation (50 % is chance)"
    )
    if pairs < ENOUGH:
        return (
            f"{said}; between runs of the same cell there are {pairs} such pairs, fewer than the "
            f"{ENOUGH} that a claim on what tells its failures apart is made on here, so this may "
            f"tell no more than the cells apart. {CAUSE}"
        )
    return (
        f"{said}; between runs of the same cell, in {percent(end)} and {percent(start)} of {pairs} "
        f"pairs: {verdict(start, end)} {CAUSE}"
    )


def verdict(before: float, after: float) -> str:
    """What the two chances allow to be said."""
    if after >= TELLS and before >= TELLS:
        return "the decay rate tells the failures apart both before and after training."
    if after >= TELLS:
        return (
            "what tells the failures apart is not how the gradient starts but whether training "
            "opens a path for it."
        )
    if after <= SILENT and before <= SILENT:
        return "the gradient does not explain these failures."
    return "the gradient goes with the outcome, but does not decide it."


def exceptions(found: list[Outcome]) -> list[str]:
    """Runs that failed although their gradient arrives as well as that of a run that solved."""
    said = []
    for setting in dict.fromkeys(o.row.setting for o in found):
        here = [o for o in found if o.row.setting == setting and o.run.solved is not None]
        held = [o.final for o in here if o.run.solved]
        lost = [o for o in here if not o.run.solved]
        if not held or not lost:
            continue
        slowest = max(held)
        odd = [o for o in lost if o.final <= slowest]
        if odd:
            names = listed([f"{o.row.label} seed {o.run.seed}" for o in odd])
            said.append(
                f"On {setting} the gradient does not explain {len(odd)} of {len(lost)} failures "
                f"({names}): it fades no faster than in a run that solved the task."
            )
        else:
            said.append(
                f"On {setting} the gradient of each of the {len(lost)} unsolved runs fades faster "
                f"(at least {sig(min(o.final for o in lost), 2)} nats a step) than that of each of "
                f"the {len(held)} solved ones (at most {sig(slowest, 2)})."
            )
    return said
