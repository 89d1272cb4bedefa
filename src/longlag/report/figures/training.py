"""What moves while a cell learns: gate activations, and the gradient norms of its parameters."""

import numpy as np

from longlag.report.figures.paint import (
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
from longlag.report.groups import Group

GATE = ("#AA4499", "#E69F00", "#56B4E9", "#5F5F5F")


def letters(g: Group) -> list[str]:
    """The gates that were probed, without the candidates (tanh units, whose mean says little)."""
    names = {n.removeprefix("gate/0/") for r in g.runs for n in r.probe if n.startswith("gate/0/")}
    return sorted(name for name in names if not name.endswith("~"))


def gated(groups: list[Group]) -> list[Group]:
    """The rows with gates."""
    return [g for g in groups if letters(g)]


def gates(groups: list[Group]) -> str:
    """Mean activation over units, steps and the probe batch; a thin line a seed, median thick."""
    shown = gated(groups)
    with style():
        columns = 4 if len(shown) > 4 else 2
        rows = -(-len(shown) // columns)
        width = PAGE if columns > 2 else COLUMN
        figure, axes = new(width, 1.5 * rows + 0.1, rows, columns, sharey=True)
        for place in axes.flat[len(shown) :]:
            place.set_axis_off()
        for place, g in zip(axes.flat, shown, strict=False):
            labels = []
            for letter, ink in zip(letters(g), GATE * 3, strict=False):
                curves = gate_curves(g, letter)
                if not curves:
                    continue
                grid = np.unique(np.concatenate([steps for steps, _ in curves]))
                for steps, values in curves:
                    place.plot(steps, values, color=ink, lw=0.4, alpha=0.5)
                middle = np.median([np.interp(grid, *curve) for curve in curves], axis=0)
                place.plot(grid, middle, color=ink)
                labels.append((float(middle[-1]), letter, ink))
            place.set_xscale("symlog", linthresh=1)
            place.set_xticks([0, 1, 10, 100, 1000, 10000])
            place.minorticks_off()
            place.set_xlim(0, max(1, *(r.probe["steps"][-1] for r in g.runs if r.probe)))
            place.set_ylim(0, 1)
            place.set_title(g.label)
            place.set_xlabel("training step")
            label_ends(place, labels, gap=0.09)
        for place in axes[:, 0]:
            place.set_ylabel("mean gate activation")
        return svg(figure)


def gate_curves(g: Group, letter: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each seed the probed steps and the gate's mean there."""
    found = [
        (r.probe["steps"], r.probe.get(f"gate/0/{letter}")) for r in g.runs if "steps" in r.probe
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
        figure, axes = new(PAGE, 2.0 * rows, rows, columns, sharey=True)
        for place in axes.flat[len(shown) :]:
            place.set_axis_off()
        for place, g in zip(axes.flat, shown, strict=False):
            probe, labels = g.typical.probe, []
            steps, before = probe["parameter/steps"], probe["parameter/total_before"]
            after = probe["parameter/total_after"]
            place.set_yscale("log")
            lines = zip(probe["parameter/names"], probe["parameter/before"].T, OTHERS, strict=False)
            for name, values, ink in lines:
                place.plot(steps, np.where(values > 0, values, np.nan), color=ink, lw=0.8)
                labels.append((float(values[-1]), short(str(name)), ink))
            place.plot(steps, before, color=INK, lw=1.3)
            place.plot(steps, after, color=FAINT, lw=1.1, ls=(0, (3, 1.5)))
            labels += [(float(before[-1]), "total", INK), (float(after[-1]), "clipped", FAINT)]
            place.set_title(f"{g.label}: {clip_share(g):.0%} clipped")
            place.set_xlabel("training step")
            label_ends(place, labels, gap=0.085)
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


def short(name: str) -> str:
    """A parameter's name without the part that all of them share."""
    return name.removeprefix("model.").removeprefix("layers.0.").removeprefix("cell.")
