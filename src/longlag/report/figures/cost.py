"""What a step costs beside the plain loop: a row a cell, a dot a size, the larger the larger."""

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from longlag.records.speed import Costs, middle
from longlag.report.figures.style import COLUMN, FAINT, INK, new, style, svg
from longlag.report.format import TIMES


def cost(found: Costs) -> str:
    """Time of the automatic backend over the loop's, log axis; the fastest against it on top."""
    ratios = {c: [(r.size, r.over("loop")) for r in found.rows if r.cell == c] for c in found.cells}
    known = {c: [(s, x) for s, x in values if x is not None] for c, values in ratios.items()}
    rows = sorted((c for c in known if known[c]), key=lambda c: -middle(x for _, x in known[c]))
    with style():
        figure, places = new(COLUMN, 0.75 + 0.125 * len(rows))
        axes = places[0, 0]
        for y, cell in enumerate(rows):
            values = [x for _, x in known[cell]]
            axes.plot([min(values), max(values)], [y, y], color=FAINT, lw=0.7, zorder=1)
            for size, x in known[cell]:
                axes.plot(x, y, "o", color=INK, ms=dot(found.sizes.index(size)), mew=0)
        for i, size in enumerate(found.sizes):
            axes.plot([], [], "o", color=INK, ms=dot(i), mew=0, label=f"B{TIMES}H = {size}")
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
        figure.legend(
            loc="outside lower center", ncols=3, fontsize=6.5, handletextpad=0.1, columnspacing=1
        )
        return svg(figure)


def dot(rank: int) -> float:
    """The diameter of the dot of a size, by its rank."""
    return 2.2 + 1.3 * rank
