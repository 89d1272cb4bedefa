"""How every figure looks: one palette, one type size, no global state, the same bytes each time.

A figure is a list of panels, each a drawing of its own: pages put them side by side, phones below
each other.  A file of figures has functions View -> Plot; what a panel shows is drawn by a function
(axes, item) -> the names at its right edge, and `panels` does the rest.
"""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Any, NamedTuple, Protocol

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.records.seed_groups import brief

INK, FAINT = "#1b1b1f", "#8a8a93"  # text and lines; grids and references
COLUMN, PAGE = 3.4, 7.05  # inches: one column of the paper, both
# Okabe & Ito 2008: told apart with every common colour blindness.
CELLS = {"rnn": "#D55E00", "elman": "#D55E00", "lstm": "#0072B2", "gru": "#009E73"}
OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31", "#5F5F5F", "#B2182B", "#3B7A57")
DASHES = ("-", (0, (4, 1.6)), (0, (1, 1.3)), (0, (5, 1, 1, 1)), (0, (2.5, 1)))
LETTERS = 34  # of a name beside a panel, at most
LINE = 0.135  # inches that a name at the edge of a panel needs
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
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
    "legend.fontsize": 7.5,
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
        """Name its cell, which has a colour."""
        ...

    @property
    def label(self) -> str:
        """Say what tells it from the other rows."""
        ...


class Label(NamedTuple):
    """A name at the right edge of a panel, at the height where its line ends."""

    y: float
    text: str
    color: str


class Plot(NamedTuple):
    """A figure: panels, how many stand beside each other, and over which width."""

    figures: list[Figure]
    columns: int
    wide: bool


def style():
    """Open a context in which figures are made and drawn in the house's style."""
    return matplotlib.rc_context(STYLE)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of one panel, in inches, without pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr]
    return figure, figure.subplots()


def panels(
    items: Iterable[Any],
    draw: Callable[[Axes, Any], Sequence[Label] | None],
    columns: int = 2,
    height: float = 1.8,
    wide: bool = True,
    share: str = "",
) -> Plot:
    """Draw a panel for every item.

    Args:
        items: what the panels show.
        draw: draws one on its axes and returns the names for its right edge.
        columns: panels beside each other.
        height: of a panel, inches; more where its names need it.
        wide: over both columns of the paper.
        share: axes that all panels have in common: x, y or xy.
    """
    width, drawn = (PAGE if wide else COLUMN) / columns, []
    for item in items:
        figure, axes = canvas(width, height)
        drawn.append((figure, axes, draw(axes, item) or []))
    height = max([height, *(LINE * len(labels) + 0.6 for *_, labels in drawn)])
    for axis in share:
        together(axis, [axes for _, axes, _ in drawn])
    for figure, axes, labels in drawn:
        figure.set_size_inches(width, height)
        label_ends(axes, labels, gap=LINE / (height - 0.55))
    return Plot([figure for figure, *_ in drawn], columns, wide)


def sheet(
    items: Sequence[Any],
    draw: Callable[[Axes, Any], Any],
    columns: int,
    width: float,
    height: float,
) -> Figure:
    """Draw a panel for every item on one figure; to be made and drawn in the house's `style`.

    Args:
        items: what the panels show.
        draw: draws one on its axes.
        columns: panels beside each other, at most.
        width: of a panel, inches.
        height: likewise.
    """
    columns = max(1, min(columns, len(items)))
    rows = max(1, -(-len(items) // columns))
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    for place, item in enumerate(items, 1):
        draw(figure.add_subplot(rows, columns, place), item)
    return figure


def together(axis: str, drawn: list[Axes]) -> None:
    """Give all panels the same limits along an axis."""
    limits = [getattr(axes, f"get_{axis}lim")() for axes in drawn]
    low, high = min(low for low, _ in limits), max(high for _, high in limits)
    for axes in drawn:
        getattr(axes, f"set_{axis}lim")(low, high)


def key(axes: Axes, entries: Iterable[tuple[str, dict[str, Any]]], **where: Any) -> None:
    """Draw a legend of (name, look of a line) inside or beside a panel."""
    handles = [Line2D([], [], label=brief(name, LETTERS), **look) for name, look in entries]
    axes.legend(handles=handles, handlelength=1.8, labelspacing=0.3, borderpad=0, **where)


def svg(figure: Figure) -> str:
    """Write the figure as SVG: no date, and ids that depend on its content alone."""
    text = io.StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None, "Creator": None})
    return text.getvalue()


def inline(text: str, key: str) -> str:
    """Prepare an SVG for the middle of a page: its own ids, ink and cells in the page's colours."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", text)
    for hue in sorted(set(CELLS.values())):
        name = hue.lower()
        text = text.replace(f": {name}", f": var(--hue-{name[1:]}, {name})")
    return text.replace(INK, "currentColor")


def size_of(text: str) -> tuple[float, float]:
    """Read the width and height of an SVG, in points."""
    found = dict(re.findall(r'\b(width|height)="([\d.]+)pt"', text))
    return float(found["width"]), float(found["height"])


def beside(texts: Sequence[str]) -> str:
    """Put drawings side by side as one SVG on white, that can be read on a page of any colour."""
    x, parts, high = 0.0, [], 0.0
    for i, text in enumerate(texts):
        width, height = size_of(text)
        body = inline(text, f"panel-{i}").replace("currentColor", INK)
        body = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', body, count=2)
        parts.append(body.replace("<svg ", f'<svg x="{x:g}" y="0" ', 1))
        x, high = x + width, max(high, height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{x:g}pt" height="{high:g}pt" viewBox="0 0 {x:g} {high:g}">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def color(cell: str) -> str:
    """Return the colour of a cell, the same in every report for the classics."""
    return CELLS.get(cell) or OTHERS[sum(cell.encode()) % len(OTHERS)]


def colors(groups: Iterable[Row]) -> dict[str, str]:
    """Choose a colour for each row label: the cell's own, or the next free one for variants."""
    found: dict[str, str] = {}
    for g in groups:
        if g.label not in found:
            own, used = color(g.cell), set(found.values())
            free = [own, *(c for c in OTHERS if c not in used)]
            found[g.label] = next((c for c in free if c not in used), own)
    return found


def faded(layer: int) -> float | None:
    """Return the opacity of a layer's lines: the first in full, each above it paler."""
    return max(0.25, 0.6**layer) if layer else None


def dashes(leaves: Iterable[str]) -> dict[str, Any]:
    """Choose the dashes of every part of the state, h solid and c dashed as in every figure."""
    found = dict.fromkeys(["h", "c", *leaves])
    return dict(zip(found, cycle(DASHES), strict=False))


def positive(values: np.ndarray) -> np.ndarray:
    """Prepare values for a logarithmic axis: NaN where there is nothing to draw."""
    return np.where(values > 0, values, np.nan)


def label_ends(
    axes: Axes, labels: Sequence[tuple[float, str, str]], x: float = 1.02, gap: float = 0.075
) -> None:
    """Write names at the right edge, at the height of their line (y in data), pushed apart."""
    to_axes = (axes.transScale + axes.transLimits).transform
    known = [(y, t, c) for y, t, c in labels if np.isfinite(y)]
    ends = sorted((float(to_axes((axes.get_xlim()[1], y))[1]), text, ink) for y, text, ink in known)
    places = [(float(np.clip(height, 0.0, 1.0)), text, ink) for height, text, ink in ends]
    heights = spread([p[0] for p in places], gap)
    for height, (_, text, ink) in zip(heights, places, strict=True):
        name = brief(text, LETTERS)
        axes.text(x, height, name, color=ink, transform=axes.transAxes, va="center", ha="left")


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Find the nearest heights in the same order, at least `gap` apart, within 0..1 if they fit."""
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
    """Take the mean."""
    return sum(block) / len(block)
