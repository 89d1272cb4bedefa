"""Many cells on many tasks: mean ranks, with bars that overlap where two cannot be told apart."""

import numpy as np

from longlag.report.figures.style import COLUMN, FAINT, INK, LINE, canvas, style, svg
from longlag.stats import Ranking


def ranks(names: list[str], ranking: Ranking) -> str:
    """Draw the critical-difference diagram on its side, the best at the top.

    A bar reaches half the critical difference to each side of its mean rank, so that two bars
    overlap exactly where the two cells do not differ.

    Args:
        names: of the cells, for people.
        ranking: their mean ranks.

    Returns:
        The drawing as SVG.

    Source: Demsar 2006, section 3.2.2, figure 1.
    """
    order = np.argsort(ranking.ranks, kind="stable")
    middle, half = ranking.ranks[order], ranking.distance / 2
    rows = np.arange(len(order))
    same = middle <= middle[0] + ranking.distance  # as the best
    with style():
        figure, axes = canvas(1.4 * COLUMN, LINE * len(order) + 0.6)
        axes.axvspan(middle[0] - half, middle[0] + half, color=FAINT, alpha=0.15, lw=0)
        for y, x, alike in zip(rows, middle, same, strict=True):
            ink = INK if alike else FAINT
            axes.plot([x - half, x + half], [y, y], color=ink, lw=0.8)
            axes.plot(x, y, "o", color=ink, ms=3)
        axes.set_yticks(rows, [names[i] for i in order])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("mean rank over all tasks, 1 is best")
        return svg(figure)
