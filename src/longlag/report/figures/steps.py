"""What steps do to the state: their product over the lag, its spectrum, their spectral radius."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from longlag.records.examination import Inside, View
from longlag.report.figures.style import FAINT, INK, PAGE, new, style, svg

HEIGHT = 3.15  # inches: two figures as high stand on a page of the paper
LINEAR = 0.1  # nats a step: the axis of the exponents is linear below it
LABELS = ("log$_{10}$ norm\nof product", "exponent\n(nats/step)", "spectral\nradius")
BELOW = ("lag k (steps)", "directions, share of all", "step t")


def steps(cells: list[Inside], palette: dict[str, str]) -> str:
    """A column a cell: product of steps, Lyapunov spectrum, spectral radius through time."""
    columns = max(2, len(cells))
    with style():
        figure, places = new(PAGE, HEIGHT, 3, columns, sharey="row")
        for column, cell in zip(places.T, cells, strict=False):
            column[0].set_title(cell.label)
            for when, view in cell.views.items():
                ink = palette[cell.row.label] if when == "trained" else FAINT
                product(column[0], view, ink)
                spectrum(column[1], view, ink)
                radius(column[2], view, ink)
            for axes, words in zip(column, BELOW, strict=True):
                axes.margins(x=0)
                axes.set_xlabel(words)
        for axes in places[:, len(cells) :].flat:
            axes.set_axis_off()
        for axes, words in zip(places[:, 0], LABELS, strict=True):
            axes.set_ylabel(words)
        figure.align_ylabels(places[:, 0])
        places[0, 0].yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        places[1, 0].set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
        places[1, 0].minorticks_off()
        places[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        for axes in places[:2, : len(cells)].flat:
            axes.axhline(0, color=FAINT, lw=0.6, ls=":", zorder=0)
        for axes in places[2, : len(cells)]:
            axes.axhline(1, color=FAINT, lw=0.6, ls=":", zorder=0)
        figure.legend(
            handles=[
                Line2D([], [], color=FAINT, label="at initialisation"),
                Line2D([], [], color=INK, label="after training (in the cell's colour)"),
                Line2D([], [], color=INK, lw=0.9, ls=(0, (1, 1.3)), label="at most"),
            ],
            loc="outside lower center",
            ncols=3,
            fontsize=6.5,
        )
        return svg(figure)


def product(axes: Axes, view: View, ink: str) -> None:
    """The norm of the product of the last k steps, and what they can stretch at most."""
    for logs, look in ((view.product, {}), (view.most, {"ls": (0, (1, 1.3)), "lw": 0.9})):
        values = np.where(np.isfinite(logs), logs, np.nan) / np.log(10)
        axes.plot(np.arange(1, len(values) + 1), values, color=ink, **look)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def spectrum(axes: Axes, view: View, ink: str) -> None:
    """Every Lyapunov exponent, falling, over the share of directions that keep as much."""
    found = view.one("jacobian", "lyapunov")
    if found is not None:
        known = np.where(np.isfinite(found), found, np.nan)
        axes.plot((np.arange(len(known)) + 0.5) / len(known), known, color=ink)
    axes.set_xlim(0, 1)
    axes.set_xticks((0, 0.5, 1), labels=("0", "½", "1"))


def radius(axes: Axes, view: View, ink: str) -> None:
    """The largest eigenvalue of the Jacobian of single steps."""
    at, found = view.one("jacobian", "steps"), view.one("jacobian", "radius")
    if at is not None and found is not None:
        axes.plot(at, found, color=ink)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
