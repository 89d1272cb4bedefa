"""The data of the interactive gradient-flow figure: every task, cell, state and training step."""

from typing import Any

import numpy as np

from longlag.records.seed_groups import Group
from longlag.records.side_files import Path
from longlag.report.document import Panel
from longlag.report.figures.gradients import LOWEST, extremes, typical
from longlag.report.figures.style import colors, dashes, faded
from longlag.report.view import View
from longlag.report.words import Missing
from longlag.stats.decay import slope

POINTS = 120  # lags drawn, at most


def panel(view: View) -> Panel:
    """Collect all tasks, beginning with the one of the figure."""
    if not view.probed:
        raise Missing("no gradient was probed")
    names = [view.main, *(name for name in view.probed if name != view.main)]
    tasks = [task(name, view.probed[name]) for name in names]
    return Panel("explore", {"tasks": tasks, "lowest": float(np.log10(LOWEST))})


def task(name: str, groups: list[Group]) -> dict[str, Any]:
    """Collect the lines of one task."""
    palette, leaves = colors(groups), [path.leaf for g in groups for path in g.paths]
    looks = {leaf: strokes(look) for leaf, look in dashes(leaves).items()}
    return {
        "name": name,
        "lines": [
            line(g, path, palette[g.label], looks[path.leaf]) for g in groups for path in g.paths
        ],
    }


def strokes(look: Any) -> str:
    """Write a dash of a figure as SVG does, twice as long for lines as wide as the panel's."""
    return "none" if look == "-" else " ".join(f"{2 * length:g}" for length in look[1])


def line(g: Group, path: Path, ink: str, dash: str) -> dict[str, Any]:
    """Give one state of one cell: log10 of its norm at every probed step that all seeds share."""
    name = f"profile/{path.layer}/{path.leaf}"
    runs = [run.probe for run in g.runs if len(run.probe.get(name, ()))]
    common = set.intersection(*(set(probe["steps"][:-1].tolist()) for probe in runs))
    width = min(probe[name].shape[1] for probe in runs)
    lags = np.unique(np.linspace(0, width - 1, POINTS).round().astype(int))
    frames = []
    for step in sorted(common):
        rows = [p[name][int(np.searchsorted(p["steps"], step)), :width] for p in runs]
        frames.append(frame(np.array(rows), lags, step))
    last = int(np.median([probe["steps"][-1] for probe in runs]))
    ends = np.array([probe[name][-1, :width] for probe in runs])
    frames.append(frame(ends, lags, last))
    layer = g.place(path.layer)
    return {
        "cell": g.label, "label": g.line(path), "color": ink, "dash": dash,
        "lags": lags.tolist(), "frames": frames,
        **({"layer": layer, "strength": faded(path.layer) or 1} if layer else {}),
    }  # fmt: skip


def frame(norms: np.ndarray, lags: np.ndarray, step: int) -> dict[str, Any]:
    """Give median, least and most at a training step, with the mean decay rate."""
    slopes = [slope(np.arange(norms.shape[1]), row) for row in norms]
    known = [rate for rate in slopes if not np.isnan(rate)]
    positive = np.where(norms > 0, norms, np.nan)
    low, high = extremes(positive)
    return {
        "step": step,
        "rate": round(float(np.mean(known)), 4) if known else None,
        "mid": logs(typical(positive)[lags]),
        "low": logs(low[lags]),
        "high": logs(high[lags]),
    }


def logs(values: np.ndarray) -> list[float | None]:
    """Take log10, to two decimals; null for what is not a number."""
    return [round(float(np.log10(v)), 2) if np.isfinite(v) else None for v in values]
