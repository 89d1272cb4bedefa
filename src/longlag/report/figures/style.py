"""How every figure looks: one palette, one type size, no global state, the same bytes each time."""

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, FAINT = "#1b1b1f", "#8a8a93"  # text and lines; grids and references
COLUMN, PAGE = 3.4, 7.05  # inches: one column of the paper, both
# Okabe & Ito 2008: told apart with every common colour blindness.
CELLS = {"rnn": "#D55E00", "elman": "#D55E00", "lstm": "#0072B2", "gru": "#009E73"}
OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31", "#5F5F5F", "#B2182B", "#3B7A57")
DASH = {"h": "-", "c": (0, (4, 1.6))}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "longlag",
    "path.simplify_threshold": 0.3,
}


class Row(Protocol):
    """What a line of a figure is of."""

    @property
    def cell(self) -> str:
        """Its cell: it has a colour."""
        ...

    @property
    def label(self) -> str:
        """What tells it from the other rows."""
        ...


def style():
    """A context in which figures are made and drawn in the house's style."""
    return matplotlib.rc_context(STYLE)


def new(width: float, height: float, rows: int = 1, columns: int = 1, **share):
    """A figure and its axes (rows, columns), without pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr]
    return figure, figure.subplots(rows, columns, squeeze=False, **share)


def svg(figure: Figure) -> str:
    """The figure as SVG: no date, and ids that depend on its content alone."""
    text = io.StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None, "Creator": None})
    return text.getvalue()


def inline(text: str, key: str) -> str:
    """An SVG for the middle of a page: ids of its own, ink and cells in the page's colours."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", text)
    for hue in sorted(set(CELLS.values())):
        name = hue.lower()
        text = text.replace(f": {name}", f": var(--hue-{name[1:]}, {name})")
    return text.replace(INK, "currentColor")


def color(cell: str) -> str:
    """The colour of a cell, the same in every report for the classics."""
    return CELLS.get(cell) or OTHERS[sum(cell.encode()) % len(OTHERS)]


def colors(groups: Iterable[Row]) -> dict[str, str]:
    """A colour a row label: the cell's own, or the next free one for its variants."""
    found: dict[str, str] = {}
    for g in groups:
        if g.label not in found:
            own, used = color(g.cell), set(found.values())
            free = [own, *(c for c in OTHERS if c not in used)]
            found[g.label] = next((c for c in free if c not in used), own)
    return found


def faded(layer: int) -> float | None:
    """The opacity of a layer's lines: the first at full strength, each above it paler."""
    return max(0.25, 0.6**layer) if layer else None


def label_ends(
    axes: Axes, labels: Sequence[tuple[float, str, str]], x: float = 1.02, gap: float = 0.075
) -> None:
    """Names at the right edge, at the height of their line (y in data), pushed apart."""
    to_axes = (axes.transScale + axes.transLimits).transform
    known = [(y, t, c) for y, t, c in labels if np.isfinite(y)]
    ends = sorted((float(to_axes((axes.get_xlim()[1], y))[1]), text, ink) for y, text, ink in known)
    places = [(float(np.clip(height, 0.0, 1.0)), text, ink) for height, text, ink in ends]
    heights = spread([p[0] for p in places], gap)
    for height, (_, text, ink) in zip(heights, places, strict=True):
        axes.text(x, height, text, color=ink, transform=axes.transAxes, va="center", ha="left")


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """The nearest heights, in the same order, at least `gap` apart and within 0..1 if they fit."""
    placed: list[list[float]] = []  # blocks of touching labels
    for height in heights:
        placed.append([height])
        while (
            len(placed) > 1
            and center(placed[-1]) - center(placed[-2])
            < gap * (len(placed[-1]) + len(placed[-2])) / 2
        ):
            last = placed.pop()
            placed[-1] += last
    found = []
    for block in placed:
        middle, half = center(block), gap * (len(block) - 1) / 2
        middle = min(max(middle, half), max(1 - half, half))
        found += [middle + gap * i - half for i in range(len(block))]
    return found


def center(block: Sequence[float]) -> float:
    """The mean."""
    return sum(block) / len(block)
