"""The numbers under the sentences on the inside of the cells, speed, and what lies beyond."""

from typing import Any

import numpy as np

from longlag.records import mechanism as inside
from longlag.records.mechanism import Correlation
from longlag.records.speed import Costs, middle
from longlag.report.format import listed
from longlag.report.view import View

FEW = 3  # cells that get a sentence of their own
LEVEL = 0.05
MOMENTS = {"init": "at initialisation", "trained": "after training"}
Facts = dict[str, Any]


def examined(view: View) -> Facts:
    """Say what was examined."""
    if not view.examined:
        return {}
    cells = [cell for found in view.examined.values() for cell in found]
    runs = {cell.run.id for cell in cells}
    sizes = [
        len(v) for c in cells for seen in c.views.values() for v in seen.parts("sequence").values()
    ]
    here = view.examined_main
    bound = list(dict.fromkeys(c.label for c in here if inside.has_bound(c)))
    free = list(dict.fromkeys(c.label for c in here if not inside.has_bound(c)))
    most = [f"k times the log of the bound by the weights for {listed(bound)}"] if bound else []
    most += [f"the sum of the logs of the measured single steps for {listed(free)}"] if free else []
    return {
        "main": here[0].row.setting,
        "most": listed(most),
        "few": len(runs) < len(view.groups),
        "runs": len(runs),
        "rows": len(view.groups),
        "sequences": max(sizes, default=0),
        "unfinished": any(len(cell.views) < 2 for cell in cells),
        "study": view.study.name,
    }


def mechanism(view: View) -> Facts:
    """Follow the argument: the product, its bound, the gates, what the state keeps."""
    cells = [cell for found in view.examined.values() for cell in found]
    labels = list(dict.fromkeys(c.row.label for c in cells if len(c.leaves) > 1))[:FEW]
    several = [part for label in labels if (part := inside.shares_alone(cells, label))]
    found = zip(inside.PAIRS, inside.agreements(view.examined), strict=True)
    return {
        "exponents": inside.exponents(cells),
        "bounded": inside.bounded(cells),
        "aligned": inside.aligned(cells),
        "gated": inside.gated(cells),
        "several": several,
        "agreements": [fact for pair, known in found if (fact := agreement(pair, known))],
    }


def agreement(pair: str, found: dict[str, tuple[Correlation, float]]) -> Facts:
    """Say what a pair of numbers does over the cells of a task; nothing if it cannot be told."""
    known = {when: both for when, both in found.items() if not np.isnan(both[0].rho)}
    if not known:
        return {}
    last, p = known[list(known)[-1]]  # after training, if that is known
    verdict = "goes with" if last.rho > 0 else "goes against"
    moments = [
        {"when": MOMENTS[when], "rho": rank.rho, "p": p, "n": rank.pairs}
        for when, (rank, p) in known.items()
    ]
    verdict = verdict if p < LEVEL else "cannot be told to go with"
    return {"pair": pair, "verdict": verdict, "moments": moments, "tests": 2 * len(inside.PAIRS)}


def beyond(view: View) -> Facts:
    """Say how far each run that meets its task's criterion goes on meeting it."""
    if not view.beyond:
        return {}
    parts: dict[str, list[str]] = {}
    for one in view.beyond:
        if one.reach is not None:
            end = " (all that were asked)" if one.whole else ""
            parts.setdefault(one.setting, []).append(f"{one.label} up to {one.reach}{end}")
    return {
        "sequences": view.beyond[0].found["sequences"],
        "parts": [{"setting": setting, "who": who} for setting, who in parts.items()],
    }


def speed(costs: Costs | None) -> Facts:
    """Say what a step of the study's cells costs, beside the plain loop and torch's LSTM."""
    if costs is None:
        return {}
    machine, git = costs.machine.machine, costs.machine.git
    size = next((size for size in costs.sizes if costs.ratios("loop", size)), None)
    ratios = costs.ratios("loop", size) if size else []
    lstm = [(str(s), costs.ratios("torch.nn", s, ["LSTM"])) for s in costs.sizes]
    return {
        "steps": costs.steps,
        "turns": costs.turns,
        "threads": int(machine.get("threads", 1)),
        "place": ", ".join(str(machine[k]) for k in ("device", "isa", "system") if machine.get(k)),
        "torch": costs.machine.versions.get("torch", "unknown"),
        "commit": str(git.get("commit") or "none")[:10] + " with changes" * bool(git.get("dirty")),
        "loop": {"size": str(size), "share": middle(ratios), "n": len(ratios)} if ratios else None,
        "lstm": [(s, found[0]) for s, found in lstm if found],
    }
