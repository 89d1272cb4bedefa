"""The score against the length of the sequences, within and beyond that of training."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from longlag.report.figures.paint import FAINT, PAGE, color, new

COLUMNS = 3


def picture(found: list[dict[str, Any]]) -> Figure:
    """One panel a task and training length, one line a cell.

    Args:
        found: what `longlag extrapolate` keeps of each run.
    """
    panels: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for one in found:
        panels.setdefault((one["names"]["task"], one["length"]), []).append(one)
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new(PAGE * (0.4 + 0.2 * columns), 0.6 + 1.7 * rows, rows, columns)
    for place, ((task, length), group) in zip(axes.flat, sorted(panels.items()), strict=False):
        panel(place, task, length, group)
    for place in list(axes.flat)[len(panels) :]:
        place.remove()
    lines = {str(line.get_label()): line for place in figure.axes for line in place.get_lines()}
    shown = {name: line for name, line in lines.items() if not name.startswith("_")}
    figure.legend(
        list(shown.values()), list(shown), loc="outside lower left", ncols=6, handlelength=1.8
    )
    return figure


def panel(axes: Axes, task: str, length: int, group: list[dict[str, Any]]) -> None:
    """The curves of one task, its floor and the length of training."""
    metric = group[0]["score"]
    for one in group:
        cell = one["names"]["cell"]
        x = [point["length"] for point in one["points"]]
        y = [point["metrics"][metric] for point in one["points"]]
        axes.plot(x, y, "o-", ms=2.6, color=color(cell), label=cell)
    first = group[0]["points"]
    axes.plot(
        [point["length"] for point in first],
        [point["floor"]["value"] for point in first],
        color=FAINT,
        ls=(0, (1, 1.5)),
        label="floor",
    )
    axes.axvline(length, color=FAINT, lw=0.6)
    axes.set_xscale("log")
    axes.set_xticks([point["length"] for point in first])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelrotation=45)
    axes.set_title(f"{task}, trained at {length}")
    axes.set_xlabel("length")
    axes.set_ylabel(metric.replace("_", " "))
