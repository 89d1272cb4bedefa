"""How the cells learn: curves of every seed, and what each learning rate would have given."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from longlag.records.seed_groups import Group
from longlag.records.tuning import Trials
from longlag.report.figures.style import FAINT, PAGE, color, colors, label_ends, new, style, svg
from longlag.report.format import named

POINTS = 250  # drawn of a curve, at most


def panels(count: int, height: float, columns: int = 3):
    """A figure with `count` panels; the axes in order."""
    columns = min(columns, max(count, 2))
    rows = -(-count // columns)
    figure, axes = new(PAGE, height * rows, rows, columns)
    for place in axes.flat[count:]:
        place.set_axis_off()
    return figure, axes.flat[:count]


def scale(parts: Sequence[np.ndarray]) -> str:
    """Logarithmic for positive values over more than half a decade, else linear."""
    values = np.concatenate([*parts, np.ones(0)])
    values = values[np.isfinite(values)]
    wide = len(values) > 0 and values.min() > 0 and values.max() > 3 * values.min()
    return "log" if wide else "linear"


def curves(settings: dict[str, list[Group]]) -> str:
    """The headline metric on validation over the sequences seen; floor and criterion marked."""
    with style():
        figure, axes = panels(len(settings), 1.75)
        for place, (name, groups) in zip(axes, settings.items(), strict=True):
            place.set_title(name)
            draw_curves(place, groups)
        return svg(figure)


def draw_curves(axes: Axes, groups: list[Group]) -> None:
    """The panel of one task."""
    palette, run, labels = colors(groups), groups[0].runs[0], []
    if not run.rises:
        axes.set_yscale(scale(validation(groups)))
    for g in groups:
        ink, seen = palette[g.label], []
        for r in g.runs:
            rows = r.curve.get(("validation", g.metric))
            if rows is not None and len(rows):
                rows = rows[np.unique(np.linspace(0, len(rows) - 1, POINTS).round().astype(int))]
                seen.append(rows)
                axes.plot(rows[:, 1] / 1000, rows[:, 2], color=ink, lw=0.45, alpha=0.55)
        if seen:
            grid = np.unique(np.concatenate([rows[:, 1] for rows in seen]))
            middle = np.median([np.interp(grid, rows[:, 1], rows[:, 2]) for rows in seen], axis=0)
            axes.plot(grid / 1000, middle, color=ink, lw=1.5)
            labels.append((float(middle[-1]), g.label, ink))
    marks = [(run.floor, "floor", "--"), (run.baseline, "baseline", "-.")]
    rule = run.record.solved
    if rule and rule.metric == run.metric:
        marks.append((rule.threshold, "solved", ":"))
    for height, word, dash in marks:
        if np.isfinite(height):
            axes.axhline(height, color=FAINT, lw=0.8, ls=dash, zorder=0)
            labels.append((height, word, FAINT))
    axes.margins(x=0)
    axes.set_xlabel("training sequences (thousands)")
    axes.set_ylabel(f"validation {named(run.metric)}")
    label_ends(axes, labels, gap=0.11)


def validation(groups: list[Group]) -> list[np.ndarray]:
    """Every validation score of a task."""
    found = [r.curve.get(("validation", g.metric)) for g in groups for r in g.runs]
    return [rows[:, 2] for rows in found if rows is not None]


def rates(trials: list[Trials]) -> str:
    """Validation score of every learning rate that was tried; the chosen one is filled."""
    names = list(dict.fromkeys(t.setting for t in trials))
    with style():
        figure, axes = panels(len(names), 1.6)
        for place, name in zip(axes, names, strict=True):
            place.set_title(name)
            draw_rates(place, [t for t in trials if t.setting == name])
        return svg(figure)


def draw_rates(axes: Axes, trials: list[Trials]) -> None:
    """The panel of one task."""
    labels = []
    axes.set_xscale("log")
    if not trials[0].rises:
        axes.set_yscale(scale([t.values for t in trials]))
    for t in trials:
        ink = color(t.cell)
        axes.plot(t.rates, t.values, color=ink, lw=0.9, marker="o", ms=3.2, mfc="white")
        axes.plot(t.rates[t.solved], t.values[t.solved], "s", color=ink, ms=3.4, mfc="white")
        best = t.rates == t.chosen
        for mark, kind in (("o", best & ~t.solved), ("s", best & t.solved)):
            axes.plot(t.rates[kind], t.values[kind], mark, color=ink, ms=4.6)
        known = t.values[np.isfinite(t.values)]
        labels.append((float(known[-1]) if len(known) else np.nan, t.label, ink))
        for rate in t.rates[~np.isfinite(t.values)]:
            axes.plot(rate, 0.02, "x", color=ink, ms=4, transform=axes.get_xaxis_transform())
    tried = sorted({float(rate) for t in trials for rate in t.rates})
    axes.set_xticks(tried, [f"{rate:g}" for rate in tried])
    axes.minorticks_off()
    axes.margins(x=0.06)
    axes.set_xlabel("learning rate")
    axes.set_ylabel(f"validation {named(trials[0].metric)}")
    label_ends(axes, labels, gap=0.105)
