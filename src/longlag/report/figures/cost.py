"""What a step costs beside the plain loop: a row a cell, a dot a size, the larger the larger."""

from collections import defaultdict

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from longlag.records.speed import Costs, Size, middle
from longlag.report.figures.style import FAINT, INK, Plot, key, panels
from longlag.report.format import TIMES
from longlag.report.view import View
from longlag.report.words import Missing


def cost(view: View) -> Plot:
    """Draw the time of the backend that is used over the loop's, log axis; the fastest on top."""
    found = view.costs
    if found is None or not any(row.over("loop") for row in found.speed):
        raise Missing("loop")
    return panels([found], draw, columns=1, height=1.1 + 0.16 * len(found.cells), wide=False)


def draw(axes: Axes, found: Costs) -> None:
    """Draw the only panel."""
    known: dict[str, list[tuple[Size, float]]] = defaultdict(list)
    for row in found.speed:
        if (ratio := row.over("loop")) is not None:
            known[row.cell].append((row.size, ratio))
    rows = sorted(known, key=lambda c: (-middle(x for _, x in known[c]), c.lower()))
    for y, cell in enumerate(rows):
        values = [x for _, x in known[cell]]
        axes.plot([min(values), max(values)], [y, y], color=FAINT, lw=0.7, zorder=1)
        for size, x in known[cell]:
            axes.plot(x, y, "o", color=INK, ms=dot(found.sizes.index(size)), mew=0)
    look = {"color": INK, "ls": "", "marker": "o", "mew": 0}
    entries = [(f"B{TIMES}H = {s}", look | {"ms": dot(i)}) for i, s in enumerate(found.sizes)]
    key(axes, entries, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    axes.axvline(1, color=FAINT, lw=0.6, ls=":", zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("time of a step over the plain loop's")


def dot(rank: int) -> float:
    """Return the diameter of the dot of a size, by its rank."""
    return 2.2 + 1.3 * rank
