"""What the examinations say, in sentences made from their numbers."""

from collections.abc import Callable, Iterable

import numpy as np

from longlag.records.examination import WHEN, Inside, View
from longlag.records.seed_groups import fresh
from longlag.report.format import listed, percent, power, sig
from longlag.stats import Correlation, holm, rank_correlation

Examined = dict[str, list[Inside]]  # by setting
LEVEL = 0.05
FEW = 3  # cells that get a sentence of their own
MOMENTS = {"init": "at initialisation", "trained": "after training"}
Number = Callable[[View], float]
LINKS: tuple[tuple[str, str, Number, Number], ...] = (
    (
        "a larger Lyapunov exponent",
        "a slower decay of the gradient",
        lambda view: view.exponent,
        lambda view: -view.fading,
    ),
    (
        "more of the gradient left at the task's lag",
        "more left of a kick after as many steps",
        lambda view: view.gradient_left,
        lambda view: view.kick_left,
    ),
    (
        "more left of a kick after the task's lag",
        "a higher R² of the linear readout there",
        lambda view: view.kick_left,
        lambda view: view.told,
    ),
)


def mechanism(examined: Examined) -> tuple[str, ...]:
    """In the order of the argument: the product, its bound, the gates, what the state keeps."""
    cells = [cell for found in examined.values() for cell in found]
    said = [
        exponents(cells),
        bounded(cells),
        aligned(cells),
        gated(cells),
        *several(cells),
        *agreements(examined),
    ]
    return tuple(sentence for sentence in said if sentence)


def both(cells: Iterable[Inside], name: str) -> np.ndarray:
    """The pairs of a number (N,2) at init and trained that are known."""
    pairs = np.array([cell.pair(name) for cell in cells], float).reshape(-1, 2)
    return pairs[~np.isnan(pairs).any(axis=1)]


def exponents(cells: list[Inside]) -> str:
    """How training moves the largest exponent."""
    found = both(cells, "exponent")
    if not len(found):
        return ""
    (start, end), rises = np.median(found, axis=0), int((found[:, 1] > found[:, 0]).sum())
    below = int((found[:, 1] < 0).sum())
    return (
        f"Training raises the largest Lyapunov exponent in {rises} of {len(found)} examined cells, "
        f"in the median from {sig(start, 2)} to {sig(end, 2)} nats per step; after it {below} of "
        f"{len(found)} are below 0, where a long enough product of steps shrinks."
    )


def bounded(cells: list[Inside]) -> str:
    """What Pascanu's bound says beside what was measured, of the cells that have one."""
    views = [view for cell in cells for view in cell.views.values() if not np.isnan(view.bound)]
    if not views:
        return ""
    names = listed(list(dict.fromkeys(c.row.label for c in cells if has_bound(c))))
    above = [view for view in views if view.bound >= 1]
    said = (
        f"Of the {len(views)} examined models of the {names}, initial and trained, the bound by "
        f"the weights is below 1 in {len(views) - len(above)}, where the gradient must vanish, and "
        f"at least 1 in {len(above)}, where it may explode [4]"
    )
    if not above:
        return f"{said}."
    shrinks = sum(bool(view.product[-1] < 0) for view in above)
    return f"{said}; of these {len(above)} the product over the longest lag shrinks in {shrinks}."


def has_bound(cell: Inside) -> bool:
    """Whether a step of the cell is bounded by its weights."""
    return any(not np.isnan(view.bound) for view in cell.views.values())


def aligned(cells: list[Inside]) -> str:
    """Whether single steps stretch the same direction one after another."""
    views = [cell.views["trained"] for cell in cells if "trained" in cell.views]
    pairs = [
        (float(single[-1]) / len(single), float(v.product[-1]) / len(v.product))
        for v in views
        if (single := v.one("jacobian", "log_steps")) is not None and np.isfinite(v.product[-1])
    ]
    if not pairs:
        return ""
    step, product = np.median(pairs, axis=0)
    return (
        f"After training a single step stretches one direction by {sig(step, 2)} nats, while the "
        f"product of all steps comes to {sig(product, 2)} nats a step (medians over {len(pairs)} "
        "cells): a step does not go on stretching what the step before it has stretched."
        if step > product + 0.01
        else f"After training the product of all steps comes to {sig(product, 2)} nats a step, as "
        f"much as its single steps allow ({sig(step, 2)}; medians over {len(pairs)} cells)."
    )


def gated(cells: list[Inside]) -> str:
    """Whether the time scales of the gates reach the lag."""
    known = [c for c in cells if c.lag and all(len(v.time_scales) for v in c.views.values())]
    known = [cell for cell in known if len(cell.views) == 2]
    if not known:
        return ""
    middle, longest = (
        [
            sum(float(pick(cell.views[when].time_scales)) >= (cell.lag or 0) for cell in known)
            for when in ("init", "trained")
        ]
        for pick in (lambda tau: np.quantile(tau, 0.5, method="lower"), np.max)
    )
    return (
        f"Of {len(known)} examined cells with a gate that keeps, on tasks of known lag, the time "
        f"scale of the middle unit reaches the task's lag in {middle[0]} at "
        f"initialisation and in {middle[1]} after training, that of the "
        f"longest-lasting unit in {longest[0]} and {longest[1]}."
    )


def several(cells: list[Inside]) -> list[str]:
    """Of the cells whose state has several parts; of many the first few of the report's order."""
    labels = dict.fromkeys(c.row.label for c in cells if len(c.leaves) > 1)
    return [alone(cells, label) for label in list(labels)[:FEW]]


def alone(cells: list[Inside], label: str) -> str:
    """How much of the gradient comes along one part of a cell's state without the others."""
    own = [c for c in cells if c.row.label == label and len(c.leaves) > 1]
    said = []
    for leaf in dict.fromkeys(leaf for cell in own for leaf in cell.leaves):
        found = np.array([v.share(leaf) for c in own if (v := c.views.get("trained")) is not None])
        found = found[~np.isnan(found)]
        if len(found):
            share = float(np.median(found))
            with np.errstate(divide="ignore"):
                text = percent(share) if share >= 0.01 else power(float(np.log(share)))
            said.append(f"along {leaf} alone {text} of the gradient of {leaf}")
    if not said:
        return ""
    return (
        f"In the trained {label}, from the task's lag arrives {listed(said)} (medians over "
        f"{len(own)}; the paths that turn from one part into another add to this or cancel it)."
    )


def agreements(examined: Examined) -> list[str]:
    """Whether two numbers order the cells of a task alike, at init and after training."""
    found = [
        {when: rank_correlation(strata(examined, when, x, y), fresh()) for when in WHEN}
        for _, _, x, y in LINKS
    ]
    p = holm([pair[when].p for pair in found for when in WHEN])
    return [
        agreement(first, second, pair, {"init": p[2 * i], "trained": p[2 * i + 1]})
        for i, ((first, second, *_), pair) in enumerate(zip(LINKS, found, strict=True))
    ]


def agreement(first: str, second: str, found: dict[str, Correlation], p: dict[str, float]) -> str:
    """What a pair of numbers does; nothing if it cannot be told."""
    known = [when for when in WHEN if not np.isnan(found[when].rho)]
    if not known:
        return ""
    last = known[-1]  # after training, if that is known
    verdict = "goes with" if found[last].rho > 0 else "goes against"
    verdict = verdict if p[last] < LEVEL else "cannot be told to go with"
    said = [
        f"{sig(found[when].rho, 2)} {MOMENTS[when]} (p = {sig(p[when], 2)}, n = "
        f"{found[when].pairs})"
        for when in known
    ]
    return (
        f"{MOMENTS[last].capitalize()}, among the cells of a task, {first} {verdict} {second}: "
        f"Spearman's rho of the ranks within each task is {listed(said)}; p by permutation, "
        f"adjusted by Holm for {len(LINKS) * len(WHEN)} tests."
    )


def strata(
    examined: Examined, when: str, x: Number, y: Number
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two numbers of the cells of every task; NaN are left out."""
    both = []
    for cells in examined.values():
        views = [cell.views[when] for cell in cells if when in cell.views]
        pairs = np.array([(x(view), y(view)) for view in views], float).reshape(-1, 2)
        pairs = pairs[~np.isnan(pairs).any(axis=1)]
        both.append((pairs[:, 0], pairs[:, 1]))
    return both
