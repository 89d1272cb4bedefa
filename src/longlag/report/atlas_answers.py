"""The numbers under the sentences about an atlas, by the names that atlas.toml knows."""

from collections import defaultdict
from typing import Any

import numpy as np

from longlag.records.atlas import Atlas, AtlasRow
from longlag.records.foretelling import Foretold, alike, foretold, outliers
from longlag.records.seed_groups import task_label
from longlag.report.format import named, spanned
from longlag.stats import Ranking, critical_difference

FEW = 5  # names that a sentence can hold
CLASSICS = ("rnn", "lstm", "gru", "transformer")  # have a column of their own
NEEDS = {
    "adding": "add up what came long ago",
    "temporal_order": "tell which of rare events came first",
    "memorisation": "repeat a sequence",
    "parity": "follow a state that every input may flip",
    "associative_recall": "look up what belongs to a key",
    "timing_measure": "measure how long something took",
    "digits_permuted": "classify a long scrambled sequence",
    "chorales": "foretell music in four parts",
}
PREDICTORS = {
    "decay": "a slower decay of the gradient",
    "exponent": "a larger Lyapunov exponent",
    "forgetting": "a longer time scale of the gates",
}
Facts = dict[str, Any]


def answers(atlas: Atlas) -> Facts:
    """Collect everything that atlas.md and the page on choosing a cell say."""
    found, chosen = foretold(atlas), atlas.study.plan.get("chosen", ())
    return {
        "study": atlas.study.name,
        "title": atlas.study.plan.get("title", "An atlas of recurrent memory"),
        "cells": len(atlas.cells),
        "runs": len(atlas.study.runs),
        "decided": all(row.decided for row in atlas.rows) and bool(atlas.rows),
        "parameters": spanned([r.parameters for r in atlas.rows if r.parameters] or [0]),
        "rates": len({t["lr"] for e in chosen for t in e.get("trials", ())}),
        "classics": [cell for cell in CLASSICS if cell in atlas.cells],
        "needs": NEEDS,
        "tasks": [best(task, rows) for task, rows in atlas.tasks.items()],
        "overall": overall(atlas),
        "foretold": [predictor(name, found) for name in PREDICTORS],
        "outliers": odd(atlas, found),
        "alike": alike(atlas)._asdict(),
        "blocks": blocks(atlas),
        "first": {cell: next(r for r in atlas.rows if r.cell == cell) for cell in atlas.cells},
        "names": {row.cell: row.name for row in atlas.rows},
    }


def best(task: str, rows: list[AtlasRow]) -> Facts:
    """Say who is best on a task, who cannot be told from it, and what is the least that costs."""
    known = [row for row in rows if row.known]
    top = [row for row in known if row.goodness == max(r.goodness for r in known)]
    tied = [row for row in known if row not in top and any(row.ties(one) for one in top)]
    return {
        "key": task,
        "task": task_label(task),
        "every": {row.cell: row.shown for row in rows},
        "kind": rows[0].kind,
        "metric": named(next((row.metric for row in rows if row.metric), "")),
        "top": [row.name for row in top],
        "shown": top[0].shown if top else "?",
        "failed": not top or top[0].value is None,
        "tied": [row.name for row in tied],
        "below": len(known) - len(top) - len(tied),
        "known": len(known),
        "undecided": [row.name for row in rows if not row.known],
        "fast": cost(top, "step_us"),
        "fast_tied": cost([*top, *tied], "step_us"),
        "small": cost([row for row in top if row.state], "state"),
        "rnn": next((row.shown for row in known if row.cell == "rnn"), ""),
    }


def cost(rows: list[AtlasRow], what: str) -> Facts | None:
    """Return the row of which that is least, with its cost; None if nobody's is known."""
    known = [row for row in rows if getattr(row, what) is not None]
    if not known:
        return None
    row = min(known, key=lambda row: getattr(row, what))
    return {"name": row.name, "step_us": row.step_us, "state": row.state}


def ranked(atlas: Atlas) -> tuple[list[str], Ranking]:
    """Rank the cells that are decided on every task; with their names of conf/."""
    tasks = list(atlas.tasks.values())
    known = [{row.cell: row.goodness for row in rows if row.known} for rows in tasks]
    whole = [cell for cell in atlas.cells if all(cell in found for found in known)]
    scores = np.array([[found[cell] for cell in whole] for found in known], float)
    return whole, critical_difference(scores.reshape(len(tasks), len(whole)))


def overall(atlas: Atlas) -> Facts:
    """Average each cell's place over all tasks, if it is known on all of them."""
    whole, ranking = ranked(atlas)
    means = dict(zip(whole, ranking.ranks.tolist(), strict=True))
    best = min(means.values(), default=np.nan)
    rows_of = {row.cell: row for row in atlas.rows}
    order = [rows_of[cell] for cell in sorted(means, key=lambda cell: means[cell])]
    families: dict[str, list[float]] = defaultdict(list)
    for row in order:
        families[row.family].append(means[row.cell])
    middle = sorted((float(np.median(found)), name) for name, found in families.items())
    return {
        "cells": len(order),
        "tasks": len(atlas.tasks),
        "distance": ranking.distance,
        "p": ranking.p,
        "tied": sum(mean <= best + ranking.distance for mean in means.values()) - 1,
        "first": [
            {"name": r.name, "mean": means[r.cell], "step_us": r.step_us, "state": r.state}
            for r in order[:3]
        ],
        "fast": cost(order[:10], "step_us"),
        "families": [{"name": name, "place": place} for place, name in middle],
    }


def predictor(name: str, found: list[Foretold]) -> Facts:
    """Tell whether a number of untrained cells goes with the horizons, over all and by task."""
    own = [one for one in found if one.predictor == name and not np.isnan(one.rank.rho)]
    pooled = next((one for one in own if not one.task), None)
    return {
        "what": PREDICTORS[name],
        "pooled": correlation_facts(pooled) if pooled else None,
        "tests": sum(not np.isnan(one.p) for one in found),
        "each": [correlation_facts(one) for one in (*own[-1:], *own[:-1])],  # over all first
        "yes": [correlation_facts(one) for one in own if one.task and one.foretells],
        "no": [correlation_facts(one) for one in own if one.task and not one.foretells],
    }


def correlation_facts(one: Foretold) -> Facts:
    """Give a correlation as the sentences read it."""
    return {
        "task": task_label(one.task) if one.task else "",
        "rho": one.rank.rho,
        "low": one.interval.low,
        "high": one.interval.high,
        "p": one.p,
        "n": one.rank.pairs,
        "foretells": one.foretells,
    }


def odd(atlas: Atlas, told: list[Foretold]) -> Facts:
    """Name the cells that remember longer, and shorter, than their gradient has it."""
    found, cells = outliers(atlas), max(one.rank.pairs for one in told if not one.task)
    longer = [o.row.name for o in found if o.found > o.expected]
    shorter = [o.row.name for o in found if o.found < o.expected]
    return {"longer": longer[:FEW], "shorter": shorter[:FEW], "n": len(found), "cells": cells}


def blocks(atlas: Atlas) -> list[str]:
    """Return the cells that were made for blocks, and ran in them."""
    return list(dict.fromkeys(row.name for row in atlas.rows if row.model == "block"))
