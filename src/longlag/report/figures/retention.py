"""What the state keeps of a moment, beside what arrives of the gradient from as far."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from longlag.records.examination import LEAST, Inside, View
from longlag.report.figures.style import DASH, FAINT, INK, PAGE, new, style, svg

MORE = ((0, (1, 1.3)), (0, (5, 1, 1, 1)), (0, (2.5, 1)), (0, (5, 1, 1, 1, 1, 1)))
HEIGHT = 3.1  # inches: with the figure of the steps it fits on a page of the paper
LABELS = (
    "share left\nat initialisation",
    "share left\nafter training",
    "R² of the input",
)


def retention(cells: list[Inside], palette: dict[str, str]) -> str:
    """A column a cell: shares at init, shares after training, and what a linear map tells."""
    columns = max(2, len(cells))
    looks = dashes(cells)
    with style():
        figure, places = new(PAGE, HEIGHT, 3, columns, sharey="row", sharex="col")
        for column, cell in zip(places.T, cells, strict=False):
            ink = palette[cell.row.label]
            column[0].set_title(cell.label)
            for axes, when in zip(column, ("init", "trained"), strict=False):
                if when in cell.views:
                    shares(axes, cell.views[when], ink, looks)
                else:
                    axes.text(0.5, 0.5, "not finite", color=FAINT, transform=axes.transAxes)
            for when, view in cell.views.items():
                column[2].plot(*view.readable, color=ink if when == "trained" else FAINT)
            for axes in column:
                mark(axes, cell.lag)
            column[2].set_xlabel("lag k (steps)")
        for axes in places[:, len(cells) :].flat:
            axes.set_axis_off()
        for axes, words in zip(places[:, 0], LABELS, strict=True):
            axes.set_ylabel(words)
        for axes in places[:2, 0]:
            axes.set_yscale("log")
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, LEAST), high)
        places[2, 0].set_ylim(-0.3, 1.05)
        figure.legend(handles=keys(cells), loc="outside lower center", ncols=6, fontsize=6.5)
        return svg(figure)


def shares(axes: Axes, view: View, ink: str, looks: dict) -> None:
    """The gradient's share over its first norm, the kicks' and the swap's over their own."""
    swapped = view.one("retention/swap")
    if swapped is not None:
        draw(axes, swapped, color=FAINT, lw=1)
    for leaf, kept in view.all("retention/kick").items():
        draw(axes, kept, color=INK, ls=looks[leaf], lw=0.9)
    first = view.gradient[view.gradient > 0]
    if len(first):
        draw(axes, view.gradient / first[0], color=ink, lw=1.5)


def draw(axes: Axes, values: np.ndarray, **look) -> None:
    """One line; zeros and gaps are left out."""
    axes.plot(np.arange(len(values)), np.where(values > 0, values, np.nan), **look)


def mark(axes: Axes, lag: int | None) -> None:
    """The task's lag."""
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    if lag is not None:
        axes.axvline(lag, color=FAINT, lw=0.6, ls=":", zorder=0)


def dashes(cells: list[Inside]) -> dict:
    """The dashes of every part of the state: those of h and c as in every figure."""
    leaves = list(dict.fromkeys(leaf for cell in cells for leaf in cell.leaves))
    others = [leaf for leaf in leaves if leaf not in DASH]
    return {leaf: DASH.get(leaf) or MORE[others.index(leaf) % len(MORE)] for leaf in leaves}


def keys(cells: list[Inside]) -> list[Line2D]:
    """What the lines are."""
    found = [Line2D([], [], color=INK, lw=1.5, label="gradient; R² trained (cell's colour)")]
    for leaf, look in dashes(cells).items():
        found.append(Line2D([], [], color=INK, lw=0.9, ls=look, label=f"kick to {leaf}"))
    found.append(Line2D([], [], color=FAINT, lw=1, label="swapped input; R² at initialisation"))
    return found
