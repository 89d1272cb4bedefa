"""The numbers under the sentences, by the names that sentences.toml and the templates know."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from longlag.records.gradient_decay import Outcome, auc, decay_rate, link, log_fraction
from longlag.records.seed_groups import Group, grouped, task_label
from longlag.records.side_files import Path
from longlag.report.format import listed, named, spanned
from longlag.report.view import View
from longlag.stats import share_interval

FEW = 4  # cells that a sentence can hold
ENOUGH = 30  # pairs of an unsolved and a solved run of one cell and task, for a claim on them
Facts = dict[str, Any]


def ladder(view: View, task: str) -> Facts:
    """Say who remembers how long on a task with several lengths."""
    groups, found = view.ladders[task], view.horizons[task]
    lengths = [g.length for g in groups if g.length is not None]
    return {
        "task": task_label(task),
        "top": [label for label, h in found.items() if h.value == max(lengths)],
        "some": [
            (label, h.value)
            for label, h in found.items()
            if h.value and h.value < max(lengths) and h.decided
        ],
        "below": [label for label, h in found.items() if h.value is None and h.decided],
        "undecided": [label for label, h in found.items() if not h.decided],
        "longest": max(lengths),
        "shortest": min(lengths),
    }


def ends(groups: list[Group]) -> list[Group]:
    """Pick a few rows: all of them, or the best and the worst of many."""
    if len(groups) <= FEW:
        return groups
    order = sorted(groups, key=lambda g: float(np.mean(g.skills)))
    return [order[-1], order[0]]


def achieved(setting: str, groups: list[Group]) -> Facts:
    """Say what the cells scored on one task, beside what needs no memory."""
    run = groups[0].runs[0]
    why = next((b.why for b in run.baselines if b.value == run.baseline), None)
    return {
        "setting": setting,
        "metric": named(groups[0].metric),
        "judged": groups[0].solved is not None,
        "any_solved": any(g.solved for g in groups),
        "many": len(groups) > FEW,
        "cells": len(groups),
        "every": sum(g.solved == len(g.runs) for g in groups),
        "failed": [g.label for g in groups if g.solved == 0],
        "parts": [
            {"label": g.label, "score": g.score.value, "solved": g.solved, "runs": len(g.runs)}
            for g in ends(groups)
        ],
        "floor": run.floor,
        "baseline": {"value": run.baseline, "why": why} if why else None,
    }


def flow(view: View) -> Facts:
    """Say how fast the gradient fades on the main task, before and after training."""
    groups = view.probed.get(view.main, [])
    rates = [decay_rate(g, path.leaf, 0, path.layer) for g in groups for path in g.paths]
    known = [d.rate if np.isnan(d.low) else d.low for d in rates if not np.isnan(d.rate)]
    end = [part for g in ends(groups) if (part := pace(g, -1))]
    return {
        "setting": view.main,
        "all_fade": all(rate > 0 for rate in known),
        "start": [part for g in ends(groups) if (part := pace(g, 0))],
        "end": end,
        "kept": any(part["solved"] for part in end),
    }


def pace(g: Group, at: int) -> Facts:
    """Measure the best path of a row, in its solved and its unsolved runs apart."""
    found = {path: decay_rate(g, path.leaf, at, path.layer).rate for path in g.entrance}
    found = {path: rate for path, rate in found.items() if not np.isnan(rate)}
    if not found:
        return {}
    path = min(found, key=lambda path: found[path])
    held, lost = g.among(True), g.among(False)
    apart = at == -1 and held is not None and lost is not None
    return {
        "label": g.label,
        "way": f" along {g.named(path)}" if len(g.paths) > 1 else "",
        **along(g, path, at),
        "solved": g.solved,
        "runs": len(g.runs),
        "held": along(held, path, at) if apart and held else None,
        "lost": along(lost, path, at) if apart and lost else None,
    }


def along(g: Group, path: Path, at: int) -> Facts:
    """Measure the decay rate of one path, and ln of what is left of it at the longest lag."""
    where = (path.leaf, at, path.layer)
    return {"rate": decay_rate(g, *where).rate, "left": log_fraction(g, *where)}


def explanation(found: list[Outcome]) -> Facts:
    """Test whether the decay rate goes with success, over all pairs and between runs of a cell."""
    judged = [o for o in found if o.run.solved is not None]
    parts = grouped(judged, lambda o: (o.row.setting, o.row.label))
    (start, same), (end, _) = auc(parts.values(), "initial"), auc(parts.values(), "final")
    before, after = link(judged, "initial"), link(judged, "final")
    every = [link(found, when).rank for when in ("initial", "final")]
    return {
        "runs": len(judged),
        "solved": after.solved,
        "before": before.auc,
        "after": after.auc,
        "pairs": after.pairs,
        "start": start,
        "end": end,
        "same_pairs": same,
        "enough": ENOUGH,
        "outcomes": len(found),
        "rho_before": every[0].rho,
        "rho_after": every[1].rho,
        "p_before": every[0].p,
        "p_after": every[1].p,
    }


def exceptions(found: list[Outcome]) -> list[Facts]:
    """List, by task, failed runs whose gradient arrives as well as that of a solved one."""
    said = []
    for setting in dict.fromkeys(o.row.setting for o in found):
        here = [o for o in found if o.row.setting == setting and o.run.solved is not None]
        held = [o.final for o in here if o.run.solved]
        lost = [o for o in here if not o.run.solved]
        if held and lost:
            odd = [f"{o.row.label} seed {o.run.seed}" for o in lost if o.final <= max(held)]
            said.append(
                {"setting": setting, "odd": odd, "lost": len(lost), "held": len(held)}
                | {"fastest": min(o.final for o in lost), "slowest": max(held)}
            )
    return said


def tuning(view: View) -> Facts:
    """Say which rates were tried, and where the chosen ones lie among them."""
    trials, outside = view.trials, [t for t in view.trials if not t.bracketed]
    rates = sorted({float(rate) for t in trials for rate in t.rates})  # a rung tries a few of them
    low = sum(t.chosen == rates[0] for t in outside)
    high = sum(t.chosen == rates[-1] for t in outside)
    return {
        "trials": len(trials),
        "rates": [f"{r:g}" for r in rates],
        "bracketed": len(trials) - len(outside),
        "low": low,
        "high": high,
        "level": len(outside) - low - high,  # a neighbour inside the grid did no worse
    }


def protocol(view: View) -> Facts:
    """Say what the configurations have in common, and the range of what they have not."""
    runs = view.study.final
    counts = sorted({len(g.runs) for g in view.groups})

    def values(key: str) -> list[Any]:
        return sorted({v for run in runs if (v := run.setting(key)) is not None})

    def shared(key: str) -> Any:
        found = {repr(run.setting(key)): run.setting(key) for run in runs}
        return next(iter(found.values())) if len(found) == 1 else None

    rows = grouped(view.groups, lambda g: g.label)
    states = {k: [g.runs[0].record.model.state_size for g in gs] for k, gs in rows.items()}
    optimiser = shared("optim._target_")
    return {
        "seeds": f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}",
        "match": shared("match"),
        "parameters": [run.parameters for run in runs],
        "states": listed([f"{label} {spanned(sizes)}" for label, sizes in states.items()]),
        "optimiser": optimiser and optimiser.rsplit(".", 1)[-1],
        "batch": values("trainer.batch_size") or [0],
        "clip": values("trainer.clip"),
        "steps": values("trainer.max_steps") or [0],
        "stop": bool(shared("trainer.stop_when_solved")),
    }


def mismatches(view: View) -> list[str]:
    """Write a line for each cell that ran in another model than the one it was made for."""
    return list(dict.fromkeys(run.mismatch for run in view.study.final if run.mismatch))


def limits(view: View) -> list[Facts]:
    """Say what the study cannot decide."""
    rows, facts = view.rows, tuning(view)
    lags = {s: gs[0].runs[0].lag or gs[0].length or 0 for s, gs in rows.items()}
    longest = max(lags, key=lambda s: lags[s])
    fixed = {s: gs for s, gs in rows.items() if gs[0].task not in view.ladders}
    unsolved = [s for s, gs in fixed.items() if all(g.solved == 0 for g in gs)]
    beaten = [s for s, gs in rows.items() if beats(gs)]
    seeds = max(len(g.runs) for g in view.groups)  # a lost rung of a ladder has fewer
    edge = facts["low"] + facts["high"]
    found: list[Facts] = [{"kind": "lag", "lag": lags[longest], "setting": longest}]
    found += [{"kind": "horizonless"}] if not view.ladders else []
    found += [{"kind": "unsolved", "settings": unsolved}] if unsolved else []
    found += [{"kind": "baseline", "settings": beaten}] if beaten else []
    found.append({"kind": "seeds", "count": seeds, "low": share_interval(seeds, seeds).low})
    found += [{"kind": "rates", "edge": edge, **facts}] if edge else []
    found.append({"kind": "one" if facts["trials"] else "tuning"})
    found.append({"kind": "size", "parameters": protocol(view)["parameters"]})
    return found


def beats(groups: list[Group]) -> bool:
    """Tell whether the baseline of a task is as good as the best cell."""
    run, scores = groups[0].runs[0], [g.score.value for g in groups]
    if np.isnan(run.baseline) or np.isnan(scores).all():
        return False
    return run.baseline >= np.nanmax(scores) if run.rises else run.baseline <= np.nanmin(scores)


def overall(view: View) -> Facts:
    """Say how the cells do over all tasks."""
    success = [{"label": c.label, "value": c.success.value} for c in view.overall if len(c.solved)]
    skill = [{"label": c.label, "value": c.mean_skill.value} for c in view.overall if len(c.skill)]
    tasks = {g.task for g in view.groups if g.solved is not None}
    return {"judged": len(tasks), "success": success, "skill": skill} if view.overall else {}


def criteria(view: View) -> Facts:
    """Count the criteria that are published and longlag's own; tell whether floors are measured."""
    rules = {g.task: g.runs[0].record.solved for g in view.groups}
    known = [rule for rule in rules.values() if rule is not None]
    published = sum(bool(rule.published) for rule in known)
    measured = any(not np.isnan(run.measured_floor) for run in view.study.final)
    return {"published": published, "own": len(known) - published, "measured": measured}


def counted(values: Iterable[Any]) -> str:
    """Write one value, or each with how often it came."""
    found = Counter(values)
    if len(found) == 1:
        return str(next(iter(found)))
    return ", ".join(f"{value} ({n})" for value, n in found.most_common())
