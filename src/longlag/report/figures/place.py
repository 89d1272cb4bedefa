"""One cell among all others: on each task a dot a cell, heaped over what it reached."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longlag.records.atlas import Atlas, AtlasRow
from longlag.records.seed_groups import task_label
from longlag.report.figures import style
from longlag.report.figures.style import FAINT, INK, OTHERS
from longlag.report.format import named

OWN = OTHERS[6]  # the colour of the cell that is placed
BINS = 24  # of scores


def sheet(atlas: Atlas, cell: str, tasks: Iterable[str]) -> Figure:
    """Draw a panel a task on one sheet; to be made and drawn in the house's `style`."""
    shown = [task for task in tasks if any(row.known or row.value for row in atlas.tasks[task])]

    def one(axes: Axes, task: str) -> None:
        lengths = [e["lengths"] for (_, its), e in atlas.study.ladders.items() if its == task]
        draw(axes, atlas.tasks[task], cell, lengths)

    return style.sheet(shown, one, columns=4, width=2.3, height=1.9)


def draw(axes: Axes, rows: Sequence[AtlasRow], cell: str, lengths: Sequence[list[int]]) -> None:
    """Heap the cells of one task; hollow dots are undecided and stand at what they reached."""
    rungs = [0, *sorted({T for ladder in lengths for T in ladder})]
    heaped: Counter[float] = Counter()
    known = [row for row in rows if row.value is not None or row.known]
    at = places(known, rungs)
    for row in sorted(known, key=lambda row: row.cell == cell):  # the cell itself is on top
        x = at[row.cell]
        ink = OWN if row.cell == cell else FAINT
        face: Any = ink if row.decided else "none"
        axes.plot(x, heaped[x], "o", ms=4, mfc=face, mec=ink, mew=0.7)
        if row.cell == cell:
            text = row.name if row.decided else f"{row.name} (undecided)"
            axes.annotate(text, (x, heaped[x]), (0, 5), textcoords="offset points",
                          color=OWN, ha="center", va="bottom")  # fmt: skip
        heaped[x] += 1
    if len(rungs) > 1:
        names = [f"< {rungs[1]}", *map(str, rungs[1:-1]), f"≥ {rungs[-1]}"]
        axes.set_xticks(range(len(rungs)), names)
        axes.set(xlim=(-0.7, len(rungs) - 0.3), xlabel="memory horizon (steps)")
    else:
        axes.margins(x=0.25)
        axes.set_xlabel(f"test {named(known[0].metric)}")
    axes.set(title=task_label(rows[0].task), ylim=(-0.7, max(6, *heaped.values()) + 1.2))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", colors=INK)


def places(rows: Sequence[AtlasRow], rungs: Sequence[int]) -> dict[str, float]:
    """Find where each cell stands on the x axis: the number of its rung, or its score's bin."""
    if len(rungs) > 1:
        return {row.cell: float(rungs.index(int(row.value or 0))) for row in rows}
    values = np.array([row.value for row in rows], float)
    low, high = values.min(), values.max()
    width = (high - low) / BINS or 1.0
    bins = low + width * np.round((values - low) / width)
    return {row.cell: float(x) for row, x in zip(rows, bins, strict=True)}
