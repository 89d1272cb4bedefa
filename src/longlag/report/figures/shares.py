"""What of the gradient arrives along one part of the state alone, beside all of it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from longlag.records.examination import Inside, View
from longlag.report.figures.retention import dashes
from longlag.report.figures.style import FAINT, INK, PAGE, label_ends, new, style, svg

DECADES = 16  # shown below the largest norm
LOST = 1e-300  # the height of the name of a line that ends in zeros: below the panel
MOMENTS = (("init", "at initialisation"), ("trained", "after training"))


def shares(cells: list[Inside], palette: dict[str, str]) -> str:
    """Two panels a cell, before and after training; two cells in a row of the page."""
    looks = dashes(cells)
    columns = 4 if len(cells) > 1 else 2
    rows = -(-2 * len(cells) // columns)
    with style():
        figure, places = new(PAGE, 1.75 * rows, rows, columns, sharey=True)
        panels = [(cell, *moment) for cell in cells for moment in MOMENTS]
        drawn = []
        for axes, (cell, when, words) in zip(places.flat, panels, strict=False):
            axes.set_title(f"{cell.label} {words}")
            axes.set_yscale("log")
            if when in cell.views:
                labels = draw(axes, cell.views[when], palette[cell.row.label], looks)
                drawn.append((axes, labels))
            axes.margins(x=0)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
            axes.set_xlabel("lag k (steps)")
        places.flat[0].set_ylim(*limits(cells))
        for axes, labels in drawn:
            label_ends(axes, labels, gap=0.12)
        for axes in places.flat[len(panels) :]:
            axes.set_axis_off()
        for axes in places[:, 0]:
            axes.set_ylabel("‖∂L/∂s$_{T-k}$‖")
        return svg(figure)


def limits(cells: list[Inside]) -> tuple[float, float]:
    """Of the axis: a little more than the norms, and not all of what fades without end."""
    views = [view for cell in cells for view in cell.views.values()]
    norms = np.concatenate([v for view in views for v in view.all("profile").values()])
    known = norms[np.isfinite(norms) & (norms > 0)]
    if not len(known):
        return 0.1, 1
    return max(known.min() / 100, known.max() * 10.0**-DECADES), known.max() * 3


def draw(axes: Axes, view: View, ink: str, looks: dict) -> list[tuple[float, str, str]]:
    """Whole and alone of every part; the labels at the right edge."""
    labels = []
    for leaf, whole in view.all("profile").items():
        alone = view.one("along", leaf)
        lines = [(whole, leaf, {"color": ink, "lw": 1.3})]
        if alone is not None:
            lines.append((alone, f"{leaf} alone", {"color": INK, "lw": 0.8}))
        for values, name, look in lines:
            shown = np.where(values > 0, values, np.nan)
            axes.plot(np.arange(len(shown)), shown, ls=looks[leaf], **look)
            ends = shown[-1] if np.isfinite(shown[-1]) else LOST
            labels.append((ends if np.isfinite(shown).any() else np.nan, name, look["color"]))
    if all(np.isnan(y) for y, _, _ in labels):
        axes.text(0.5, 0.5, "zero at every lag", color=FAINT, ha="center", transform=axes.transAxes)
    return labels
