"""Is it the gradient?  Decay rate against skill, a mark a run, before and after training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from longlag.records.gradient_decay import Outcome
from longlag.report.figures.style import COLUMN, FAINT, INK, PAGE, colors, new, style, svg

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")


LINEAR = 0.01  # nats a step; the axis is linear below it and logarithmic above
TICKS = (0.01, 0.1, 1.0, 10.0)


def many(found: list[Outcome]) -> bool:
    """Whether the key needs the width of the page."""
    return len({o.row.label for o in found}) + len({o.row.setting for o in found}) > 12


def outcome(found: list[Outcome]) -> str:
    """Two panels; colour tells the cell, shape the task, a filled mark that it was solved."""
    rows = [o.row for o in found]
    palette = colors(rows)
    shapes = dict(zip(dict.fromkeys(g.setting for g in rows), MARKS * 5, strict=False))
    lines = -(-(len(palette) + len(shapes) + 1) // 3)
    with style():
        wide = many(found)
        size = (PAGE, 2.6, 1, 2) if wide else (COLUMN, 3.5 + 0.13 * lines, 2, 1)
        figure, places = new(*size, sharey=True, sharex=True)
        axes = places.flat
        for place, when, title in zip(
            axes, ("initial", "final"), ("At initialisation", "After training"), strict=True
        ):
            draw(place, found, when, palette, shapes)
            place.set_title(title)
        for place in places[-1]:
            place.set_xlabel("decay rate of the best path (nats per step)")
        for place in places[:, 0]:
            place.set_ylabel("test skill")
        keys = [place_key(axes[0], "o", c, c, label) for label, c in palette.items()]
        keys += [place_key(axes[0], m, "none", INK, name) for name, m in shapes.items()]
        if any(o.run.solved for o in found):
            keys.append(place_key(axes[0], "o", INK, INK, "filled: solved"))
        layout = {"loc": "outside right center"} if wide else {"loc": "outside lower center"}
        more: Any = layout | {"ncols": 1 if wide else 3, "fontsize": 6, "borderpad": 0}
        figure.legend(handles=keys, handletextpad=0.1, columnspacing=1, **more)
        return svg(figure)


def draw(
    axes: Axes,
    found: list[Outcome],
    when: str,
    palette: dict[str, str],
    shapes: Mapping[str, str],
) -> None:
    """One panel: every run at its rate `when` (initial or final)."""
    for o in found:
        ink = palette[o.row.label]
        axes.plot(
            getattr(o, when), o.run.skill, shapes[o.row.setting], ms=3,
            mfc=ink if o.run.solved else "none", mec=ink, mew=0.7, alpha=0.85,
        )  # fmt: skip
    for height, word in ((0, "floor"), (1, "perfect")):
        axes.axhline(height, color=FAINT, lw=0.6, ls=":", zorder=0)
        axes.text(
            0.5, height + 0.015, word, color=FAINT, size=5.5, va="bottom", ha="center",
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.7)
    axes.set_xticks([*(-t for t in TICKS), 0, *TICKS], labels=ticks())
    axes.set_xlim(*limits([getattr(o, w) for o in found for w in ("initial", "final")]))
    axes.minorticks_off()


def ticks() -> list[str]:
    """What stands at the ticks."""
    return [*(f"-{t:g}" for t in TICKS), "0", *(f"{t:g}" for t in TICKS)]


def limits(rates: list[float]) -> tuple[float, float]:
    """Of the axis: both sides of 0 where there are any, and a little more than the rates."""
    low, high = min(rates), max(rates)
    return (1.4 * low - 0.002 if low < 0 else -0.002), max(1.4 * high, LINEAR)


def place_key(axes, mark: str, face: str, edge: str, label: str):
    """A legend entry that is nowhere in the panel."""
    (key,) = axes.plot(np.nan, np.nan, mark, mfc=face, mec=edge, mew=0.8, ms=4, label=label)
    return key
