"""What moves while a cell learns: gate activations, and the gradient norms of its parameters."""

import re
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from longlag.records.seed_groups import Group
from longlag.records.state_paths import parts
from longlag.report.figures.style import (
    COLUMN,
    FAINT,
    INK,
    OTHERS,
    PAGE,
    label_ends,
    new,
    style,
    svg,
)

OWN = re.compile(r"(?:model\.)?(?:layers\.(?P<layer>\d+)\.)?(?:cell\.)?(?P<own>.*)")
GATE = ("#AA4499", "#E69F00", "#56B4E9", "#5F5F5F")


def letters(g: Group) -> dict[int, list[str]]:
    """The gates probed of each layer, but the candidates (tanh units, whose mean says little)."""
    found: dict[int, list[str]] = {}
    for layer, letter in parts({name for run in g.runs for name in run.probe}, "gate"):
        if not letter.endswith("~"):
            found.setdefault(layer, []).append(letter)
    return found


def gated(groups: list[Group]) -> list[tuple[Group, int]]:
    """The layers with gates."""
    return [(g, layer) for g in groups for layer in letters(g)]


def gates(groups: list[Group]) -> str:
    """Mean activation over units, steps and the probe batch; a thin line a seed, median thick."""
    shown = gated(groups)
    with style():
        columns = 4 if len(shown) > 4 else 2
        rows = -(-len(shown) // columns)
        width = PAGE if columns > 2 else COLUMN
        figure, axes = new(width, 1.7 * rows + 0.1, rows, columns, sharey=True)
        for place in axes.flat[len(shown) :]:
            place.set_axis_off()
        for place, (g, layer) in zip(axes.flat, shown, strict=False):
            draw_gates(place, g, layer)
        for place in axes.flat[max(0, len(shown) - columns) : len(shown)]:
            place.set_xlabel("training step")
        for place in axes[:, 0]:
            place.set_ylabel("mean gate activation")
        return svg(figure)


def draw_gates(axes: Axes, g: Group, layer: int) -> None:
    """The gates of one layer."""
    labels = []
    for letter, ink in zip(letters(g)[layer], cycle(GATE), strict=False):
        curves = gate_curves(g, letter, layer)
        if not curves:
            continue
        grid = np.unique(np.concatenate([steps for steps, _ in curves]))
        for steps, values in curves:
            axes.plot(steps, values, color=ink, lw=0.4, alpha=0.5)
        middle = np.median([np.interp(grid, *curve) for curve in curves], axis=0)
        axes.plot(grid, middle, color=ink)
        labels.append((float(middle[-1]), letter, ink))
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xticks([0, 1, 10, 100, 1000, 10000])
    axes.minorticks_off()
    axes.set_xlim(0, max(1, *(r.probe["steps"][-1] for r in g.runs if r.probe)))
    axes.set_ylim(0, 1)
    axes.set_title(f"{g.label} {g.place(layer)}".strip())
    label_ends(axes, labels, gap=0.09)


def gate_curves(g: Group, letter: str, layer: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each seed the probed steps and the gate's mean there."""
    found = [
        (r.probe["steps"], r.probe.get(f"gate/{layer}/{letter}"))
        for r in g.runs
        if "steps" in r.probe
    ]
    curves = [(steps, level(rows)) for steps, rows in found if rows is not None]
    known = [(steps, values, np.isfinite(values)) for steps, values in curves]
    return [(steps[k], values[k]) for steps, values, k in known if k.any()]


def level(rows: np.ndarray) -> np.ndarray:
    """The mean over lags (S,K) -> (S,), without those that no sequence reaches."""
    known = np.isfinite(rows)
    total = np.where(known, rows, 0).sum(axis=1)
    count = known.sum(axis=1)
    return np.divide(total, count, out=np.full(len(rows), np.nan), where=count > 0)


def norms(groups: list[Group]) -> str:
    """Gradient norm of each parameter, and in total before and after clipping, a panel a cell."""
    shown = [g for g in groups if "parameter/total_before" in g.typical.probe]
    with style():
        columns = min(max(len(shown), 2), 3)
        rows = -(-len(shown) // columns)
        most = max(len(g.typical.probe["parameter/names"]) for g in shown) + 2  # and the totals
        height = max(2.0, 0.17 * most + 0.4)
        figure, axes = new(PAGE, height * rows, rows, columns, sharey=True)
        for place in axes.flat[len(shown) :]:
            place.set_axis_off()
        for place, g in zip(axes.flat, shown, strict=False):
            probe, labels = g.typical.probe, []
            steps, before = probe["parameter/steps"], probe["parameter/total_before"]
            after = probe["parameter/total_after"]
            place.set_yscale("log")
            names = short([str(name) for name in probe["parameter/names"]])
            lines = zip(names, probe["parameter/before"].T, cycle(OTHERS), strict=False)
            for name, values, ink in lines:
                place.plot(steps, np.where(values > 0, values, np.nan), color=ink, lw=0.8)
                labels.append((float(values[-1]), name, ink))
            place.plot(steps, before, color=INK, lw=1.3)
            place.plot(steps, after, color=FAINT, lw=1.1, ls=(0, (3, 1.5)))
            labels += [(float(before[-1]), "total", INK), (float(after[-1]), "clipped", FAINT)]
            place.set_title(f"{g.label}: {clip_share(g):.0%} clipped")
            place.set_xlabel("training step")
            label_ends(place, labels, gap=0.17 / height)
        for place in axes[:, 0]:
            place.set_ylabel("gradient norm")
        return svg(figure)


def clip_share(g: Group) -> float:
    """The share of probed steps of all seeds at which clipping changed the gradient."""
    changed = [
        r.probe["parameter/total_after"] < 0.999999 * r.probe["parameter/total_before"]
        for r in g.runs
        if "parameter/total_before" in r.probe
    ]
    return float(np.mean(np.concatenate(changed))) if changed else float("nan")


def short(names: list[str]) -> list[str]:
    """Parameters' names; the layer, counted from 1, before them where there are several."""
    found = [m for m in map(OWN.fullmatch, names) if m]
    several = len({m["layer"] for m in found} - {None}) > 1
    return [
        f"layer {int(m['layer']) + 1} {m['own']}" if several and m["layer"] else m["own"]
        for m in found
    ]
