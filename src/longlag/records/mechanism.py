"""What the examinations of all cells come to: the numbers under the sentences about the inside."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from longlag.records.examination import WHEN, Inside, View
from longlag.records.seed_groups import fresh
from longlag.stats import Correlation, holm, rank_correlation

Examined = dict[str, list[Inside]]  # by setting
Number = Callable[[View], float]
# Pairs of numbers that should order the cells of a task alike, if the argument holds.
PAIRS: dict[str, tuple[Number, Number]] = {
    "exponent": (lambda view: view.exponent, lambda view: -view.decay_rate),
    "kept": (lambda view: view.gradient_left, lambda view: view.perturbation_left),
    "read": (lambda view: view.perturbation_left, lambda view: view.probe_r2),
}


def known(pairs: Iterable[Sequence[float]]) -> np.ndarray:
    """Return the pairs (N,2) of which both numbers are known."""
    found = np.array(list(pairs), float).reshape(-1, 2)
    return found[~np.isnan(found).any(axis=1)]


def exponents(cells: list[Inside]) -> dict[str, Any] | None:
    """Say how training moves the largest exponent; None where none is known."""
    found = known(cell.pair("exponent") for cell in cells)
    if not len(found):
        return None
    start, end = np.median(found, axis=0)
    rises, below = found[:, 1] > found[:, 0], found[:, 1] < 0
    return {"n": len(found), "start": start, "end": end} | {
        "rises": int(rises.sum()),
        "below": int(below.sum()),
    }


def has_bound(cell: Inside) -> bool:
    """Tell whether a step of the cell is bounded by its weights."""
    return any(not np.isnan(view.bound) for view in cell.views.values())


def bounded(cells: list[Inside]) -> dict[str, Any] | None:
    """Compare Pascanu's bound with what was measured, in the cells that have one."""
    views = [view for cell in cells for view in cell.views.values() if not np.isnan(view.bound)]
    if not views:
        return None
    above = [view for view in views if view.bound >= 1]
    return {
        "n": len(views),
        "names": list(dict.fromkeys(c.row.label for c in cells if has_bound(c))),
        "below": len(views) - len(above),
        "above": len(above),
        "shrinks": sum(bool(view.product[-1] < 0) for view in above),
    }


def aligned(cells: list[Inside]) -> dict[str, Any] | None:
    """Tell whether single steps stretch the same direction one after another, after training."""
    views = [cell.views["trained"] for cell in cells if "trained" in cell.views]
    sums = [(view.array("jacobian", "log_steps"), view.product) for view in views]
    pairs = known([[x[-1] / len(x) for x in both] for both in sums if np.isfinite(both[1][-1])])
    if not len(pairs):
        return None
    step, product = np.median(pairs, axis=0)
    return {"step": step, "product": product, "n": len(pairs)}


def gated(cells: list[Inside]) -> dict[str, Any] | None:
    """Count the cells in which the time scales of the gates reach the lag, at init and trained."""
    found = [c for c in cells if c.lag and len(c.views) == 2]
    found = [c for c in found if all(len(view.time_scales) for view in c.views.values())]
    if not found:
        return None

    def reach(pick: Callable[[np.ndarray], float]) -> list[int]:
        return [sum(pick(c.views[w].time_scales) >= (c.lag or 0) for c in found) for w in WHEN]

    middle = reach(lambda tau: float(np.quantile(tau, 0.5, method="lower")))
    return {"n": len(found), "middle": middle, "longest": reach(lambda tau: float(tau.max()))}


def shares_alone(cells: list[Inside], label: str) -> dict[str, Any] | None:
    """Say how much of the gradient comes along each part of a cell's state without the others."""
    own = [c for c in cells if c.row.label == label and len(c.leaves) > 1]
    views = [cell.views["trained"] for cell in own if "trained" in cell.views]
    parts = []
    for leaf in dict.fromkeys(leaf for cell in own for leaf in cell.leaves):
        found = np.array([view.share(leaf) for view in views])
        found = found[~np.isnan(found)]
        if len(found):
            parts.append((leaf, float(np.median(found))))
    return {"label": label, "parts": parts, "n": len(own)} if parts else None


def strata(examined: Examined, when: str, x: Number, y: Number) -> list[tuple[np.ndarray, ...]]:
    """Return two numbers of the cells of every task; NaN are left out."""
    views = [[c.views[when] for c in cells if when in c.views] for cells in examined.values()]
    return [tuple(known((x(view), y(view)) for view in some).T) for some in views]


def agreements(examined: Examined) -> list[dict[str, tuple[Correlation, float]]]:
    """Test whether each pair of numbers orders cells alike: correlation and Holm's p, by moment."""
    found = [
        {when: rank_correlation(strata(examined, when, *pair), fresh()) for when in WHEN}  # type: ignore[arg-type]
        for pair in PAIRS.values()
    ]
    p = iter(holm([pair[when].p for pair in found for when in WHEN]))
    return [{when: (pair[when], next(p)) for when in WHEN} for pair in found]
