"""What the pages are told of a run that is training; what is missing in its file is not shown."""

from typing import Any

import numpy as np

from longlag.records.headers import display_name
from longlag.records.seed_groups import task_label
from longlag.serve.lines import known, label, logs

Told = dict[str, Any]


def progress(run_id: str, told: Told) -> Told:
    """Return how far a run is."""
    metric, steps = str(told.get("metric", "")), number(told.get("steps"))
    points = lines(told, "curves").get(f"validation/{metric}") or [[None, None]]
    last = number(points[-1][1])
    return {
        "id": run_id,
        "label": name(told),
        "step": number(told.get("step")),
        "steps": steps,
        "metric": metric,
        "score": None if last is None else known(last),
        "seconds": number(told.get("seconds")),
        "age": round(told["age"]),
    }


def row_of_live(run_id: str, told: Told) -> Told:
    """Return what the table says of it."""
    names = told["names"]
    return {
        "id": run_id,
        "cell": display_name(names["cell"]),
        "task": task_label(names["task"]),
        "length": number(told.get("length")),
        "rate": number(told.get("rate")),
        "seed": number(told.get("seed")),
        "stage": names["stage"] or "",
        "status": "training",
        "metric": str(told.get("metric", "")),
        "score": None,
        "skill": None,
        "seconds": number(told.get("seconds")),
        "date": "now",
    }


def lines_of_live(run_id: str, told: Told) -> Told:
    """Return its curves and gradient profiles so far."""
    ends = {when: lines(told, "profiles").get(when) for when in ("initial", "trained")}
    return {
        "id": run_id,
        "label": name(told),
        "command": str(told.get("command", "")),
        "metric": str(told.get("metric", "")),
        "curves": lines(told, "curves"),
        "profiles": {
            when: {leaf: logs(np.array(norms, float)) for leaf, norms in (found or {}).items()}
            for when, found in ends.items()
        },
    }


def name(told: Told) -> str:
    """Name it for a legend."""
    names = told["names"]
    return label(names["cell"], names["task"], number(told.get("length")), told.get("seed"))


def lines(told: Told, kind: str) -> Told:
    """Return the curves or the profiles of its file."""
    found = told.get(kind)
    return found if isinstance(found, dict) else {}


def number(value: Any) -> float | None:
    """Return a finite number as it is; None for anything else."""
    return value if isinstance(value, int | float) and np.isfinite(value) else None
