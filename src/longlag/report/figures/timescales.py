"""For how long the gate that keeps lets each unit keep: a histogram beside the task's lag."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from longlag.records.examination import Inside
from longlag.report.figures.style import FAINT, PAGE, new, style, svg

BINS = 24


def timescales(cells: list[Inside], palette: dict[str, str]) -> str:
    """A panel a cell with gates: the share of units at each time scale, at init and trained."""
    edges = bins(cells)
    with style():
        figure, places = new(PAGE, 1.6, 1, len(cells), sharey=True, sharex=True)
        for axes, cell in zip(places[0], cells, strict=True):
            axes.set_title(cell.label)
            axes.set_xscale("log")
            for when, view in cell.views.items():
                trained = when == "trained"
                ink = palette[cell.row.label] if trained else FAINT
                bars(axes, view.time_scales, edges, ink, 0.18 if trained else 0.3)
            axes.set_xlim(edges[0], edges[-1])
            axes.xaxis.set_major_locator(LogLocator(subs=subs(edges)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlabel("time scale (steps)")
        for axes, cell in zip(places[0], cells, strict=True):
            if cell.lag is not None:
                axes.axvline(cell.lag, color=FAINT, lw=0.7, ls=":")
                axes.text(
                    cell.lag * 0.92, 0.97, f"lag {cell.lag}", color=FAINT, size=5.5, ha="right",
                    va="top", transform=axes.get_xaxis_transform(),
                )  # fmt: skip
        places[0, 0].set_ylabel("share of units")
        places[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
        return svg(figure)


def bins(cells: list[Inside]) -> np.ndarray:
    """Edges, evenly spaced in the log, over every finite time scale and every lag."""
    scales = np.concatenate([view.time_scales for cell in cells for view in cell.views.values()])
    known = scales[np.isfinite(scales) & (scales > 0)]
    marks = [*known, *(cell.lag for cell in cells if cell.lag)] or [1.0]
    return np.geomspace(min(marks) / 1.3, max(marks) * 1.5, BINS + 1)


def subs(edges: np.ndarray) -> tuple[float, ...]:
    """Where in a decade a number stands: in more places where there are few decades."""
    return (1, 2, 5) if edges[-1] < 30 * edges[0] else (1,)


def bars(axes: Axes, tau: np.ndarray, edges: np.ndarray, ink: str, strength: float) -> None:
    """The outline of a histogram; units that never forget stand in its last bin."""
    if not len(tau):
        return
    counts, _ = np.histogram(np.clip(tau, edges[0], edges[-1]), edges)
    axes.stairs(counts / len(tau), edges, fill=True, color=ink, alpha=strength, lw=0)
    axes.stairs(counts / len(tau), edges, color=ink, lw=1)
