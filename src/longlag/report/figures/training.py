"""What moves while a cell learns: gates, gradients of the parameters, scores and learning rates."""

import re
from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from longlag.records.seed_groups import Group
from longlag.records.side_files import parts
from longlag.records.tuning import Trials
from longlag.report.figures.style import (
    FAINT,
    INK,
    OTHERS,
    Label,
    Plot,
    color,
    colors,
    panels,
    positive,
)
from longlag.report.format import named
from longlag.report.view import View
from longlag.report.words import Missing

OWN = re.compile(r"(?:model\.)?(?:layers\.(?P<layer>\d+)\.)?(?:cell\.)?(?P<own>.*)")
GATE = ("#AA4499", "#E69F00", "#56B4E9", "#5F5F5F")


def letters(g: Group) -> dict[int, list[str]]:
    """List the probed gates of each layer, but candidates (tanh units, whose mean says little)."""
    found: dict[int, list[str]] = {}
    for layer, letter in parts({name for run in g.runs for name in run.probe}, "gate"):
        if not letter.endswith("~"):
            found.setdefault(layer, []).append(letter)
    return found


def gated(groups: list[Group]) -> list[tuple[Group, int]]:
    """List the layers with gates."""
    return [(g, layer) for g in groups for layer in letters(g)]


def gates(view: View) -> Plot:
    """Draw the mean activation over units, steps and the probe batch; a thin line a seed."""
    found = gated(view.probed[view.main])
    if not found:
        raise Missing("gates")
    return panels(found, draw_gates, columns=3, share="y")


def draw_gates(axes: Axes, item: tuple[Group, int]) -> list[Label]:
    """Draw the gates of one layer."""
    (g, layer), labels = item, []
    for letter, ink in zip(letters(g)[layer], cycle(GATE), strict=False):
        if curves := gate_curves(g, letter, layer):
            labels.append(seeds_and_median(axes, curves, letter, ink))
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xticks([0, 1, 10, 100, 1000, 10000])
    axes.minorticks_off()
    axes.set(
        xlim=(0, max(1, *(r.probe["steps"][-1] for r in g.runs if r.probe))),
        ylim=(0, 1),
        title=f"{g.label} {g.place(layer)}".strip(),
        xlabel="training step",
        ylabel="mean gate activation",
    )
    return labels


def gate_curves(g: Group, letter: str, layer: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give training steps and the mean activation there, of every seed that has any."""
    name = f"gate/{layer}/{letter}"
    found = []
    for run in g.runs:
        values = run.probe.get(name)
        if values is not None and np.isfinite(values).any():
            known = np.isfinite(values).any(axis=1)
            found.append((run.probe["steps"][known], np.nanmean(values[known], axis=1)))
    return found


def parameters(view: View) -> Plot:
    """Draw the gradient norm of each parameter, and the total before and after clipping."""
    found = [g for g in view.probed[view.main] if "parameter/total_before" in g.typical.probe]
    if not found:
        raise Missing("parameters")
    return panels(found, draw_parameters, columns=3, share="y")


def draw_parameters(axes: Axes, g: Group) -> list[Label]:
    """Draw the median run of one cell."""
    probe, labels = g.typical.probe, []
    steps, before = probe["parameter/steps"], probe["parameter/total_before"]
    after = probe["parameter/total_after"]
    axes.set_yscale("log")
    names = short([str(name) for name in probe["parameter/names"]])
    for name, values, ink in zip(names, probe["parameter/before"].T, cycle(OTHERS), strict=False):
        axes.plot(steps, positive(values), color=ink, lw=0.8)
        labels.append(Label(float(values[-1]), name, ink))
    axes.plot(steps, before, color=INK, lw=1.3)
    axes.plot(steps, after, color=FAINT, lw=1.1, ls=(0, (3, 1.5)))
    axes.set(
        title=f"{g.label}: {clip_share(g):.0%} clipped",
        xlabel="training step",
        ylabel="gradient norm",
    )
    return [*labels, Label(before[-1], "total", INK), Label(after[-1], "clipped", FAINT)]


def clip_share(g: Group) -> float:
    """Return the share of probed steps of all seeds at which clipping changed the gradient."""
    changed = [
        r.probe["parameter/total_after"] < 0.999999 * r.probe["parameter/total_before"]
        for r in g.runs
        if "parameter/total_before" in r.probe
    ]
    return float(np.mean(np.concatenate(changed))) if changed else float("nan")


def short(names: list[str]) -> list[str]:
    """Shorten parameters' names; with the layer, counted from 1, where there are several."""
    found = [m for m in map(OWN.fullmatch, names) if m]
    several = len({m["layer"] for m in found} - {None}) > 1
    return [
        f"layer {int(m['layer']) + 1} {m['own']}" if several and m["layer"] else m["own"]
        for m in found
    ]


def scale(values: Sequence[np.ndarray]) -> str:
    """Choose a log axis for positive values over more than half a decade, else a linear one."""
    known = np.concatenate([*values, np.ones(0)])
    known = known[np.isfinite(known)]
    wide = len(known) > 0 and known.min() > 0 and known.max() > 3 * known.min()
    return "log" if wide else "linear"


def validation(groups: list[Group]) -> dict[str, list[np.ndarray]]:
    """Give the validation curves of the headline metric by row: (step, sequences, value)."""
    found = {
        g.label: [r.curve[key] for r in g.runs if len(r.curve.get(key, ()))]
        for g in groups
        for key in [("validation", g.metric)]
    }
    return {label: curves for label, curves in found.items() if curves}


def curves(view: View) -> Plot:
    """Draw the headline metric on validation over the sequences seen, with floor and criterion."""
    found = {s: gs for s, gs in view.rows.items() if validation(gs)}
    if not found:
        raise Missing("curves")
    return panels(found.items(), draw_curves, columns=3)


def draw_curves(axes: Axes, item: tuple[str, list[Group]]) -> list[Label]:
    """Draw one task."""
    (setting, groups), labels = item, []
    palette, run, seen = colors(groups), groups[0].runs[0], validation(groups)
    if not run.rises:
        axes.set_yscale(scale([rows[:, 2] for curves in seen.values() for rows in curves]))
    for label, found in seen.items():
        shown = [rows[pick(len(rows))] for rows in found]
        curves = [(rows[:, 1] / 1000, rows[:, 2]) for rows in shown]
        labels.append(seeds_and_median(axes, curves, label, palette[label]))
    marks = [(run.floor, "floor", "--"), (run.baseline, "baseline", "-.")]
    rule = run.record.solved
    marks += [(rule.threshold, "solved", ":")] if rule and rule.metric == run.metric else []
    for height, word, dash in marks:
        if np.isfinite(height):
            axes.axhline(height, color=FAINT, lw=0.8, ls=dash, zorder=0)
            labels.append(Label(height, word, FAINT))
    axes.margins(x=0)
    axes.set(
        title=setting, xlabel="sequences (thousands)", ylabel=f"validation {named(run.metric)}"
    )
    return labels


def rates_tried(view: View) -> Plot:
    """Draw the validation score of every learning rate that was tried; the chosen one is filled."""
    if not view.trials:
        raise Missing("trials")
    names = dict.fromkeys(t.setting for t in view.trials)
    found = [[t for t in view.trials if t.setting == name] for name in names]
    return panels(found, draw_rates, columns=3)


def draw_rates(axes: Axes, trials: list[Trials]) -> list[Label]:
    """Draw one task."""
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
        labels.append(Label(float(known[-1]) if len(known) else np.nan, t.label, ink))
        for rate in t.rates[~np.isfinite(t.values)]:
            axes.plot(rate, 0.02, "x", color=ink, ms=4, transform=axes.get_xaxis_transform())
    tried = sorted({float(rate) for t in trials for rate in t.rates})
    axes.set_xticks(tried, [f"{rate:g}" for rate in tried], rotation=90 if len(tried) > 4 else 0)
    axes.minorticks_off()
    axes.margins(x=0.06)
    axes.set(
        title=trials[0].setting,
        xlabel="learning rate",
        ylabel=f"validation {named(trials[0].metric)}",
    )
    return labels


def seeds_and_median(
    axes: Axes, curves: Sequence[tuple[np.ndarray, np.ndarray]], label: str, ink: str
) -> Label:
    """Draw a thin line (x, y) a seed and their median, thick; return the name at its end.

    A seed that ends before another counts on with its last value.
    """
    for x, y in curves:
        axes.plot(x, y, color=ink, lw=0.4, alpha=0.5)
    grid = np.unique(np.concatenate([x for x, _ in curves]))
    grid = grid[pick(len(grid))]
    middle = np.median([np.interp(grid, *curve) for curve in curves], axis=0)
    axes.plot(grid, middle, color=ink, lw=1.5)
    return Label(float(middle[-1]), label, ink)


def pick(rows: int, most: int = 250) -> np.ndarray:
    """Pick at most so many of the numbers 0 ... rows - 1, evenly spread."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).round().astype(int))
