"""The score against the length of the sequences, within and beyond that of training."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from longlag.records.extrapolation import Beyond
from longlag.report.figures.style import FAINT, PAGE, colors, label_ends, new
from longlag.report.format import named

COLUMNS = 3


def picture(runs: list[Beyond]) -> Figure:
    """One panel a setting, one line a cell; to be made and drawn in the house's `style`."""
    panels: dict[str, list[Beyond]] = {}
    for one in runs:
        panels.setdefault(one.setting, []).append(one)
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new(PAGE * (0.4 + 0.2 * columns), 0.3 + 1.45 * rows, rows, columns)
    palette = colors(runs)
    for place, (setting, group) in zip(axes.flat, panels.items(), strict=False):
        panel(place, group, palette)
        place.set_title(setting)
    for place in list(axes.flat)[len(panels) :]:
        place.remove()
    return figure


def panel(axes: Axes, group: list[Beyond], palette: dict[str, str]) -> None:
    """The curves of one setting, its floor and the length of training."""
    first = group[0].found
    lengths = [point["length"] for point in first["points"]]
    ends = []
    for one in group:
        x = [point["length"] for point in one.found["points"]]
        y = [point["metrics"][one.found["score"]] for point in one.found["points"]]
        axes.plot(x, y, "o-", ms=2.2, color=palette[one.label])
        ends.append((y[-1], one.label, palette[one.label]))
    floor = [point["floor"]["value"] for point in first["points"]]
    axes.plot(lengths, floor, color=FAINT, ls=(0, (1, 1.5)))
    axes.axvline(first["length"], color=FAINT, lw=0.6)
    axes.set_xscale("log")
    axes.set_xlim(lengths[0] / 1.1, lengths[-1] * 1.1)
    axes.set_xticks([n for n in lengths if n in (first["length"], lengths[0], lengths[-1])])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("length of the test sequences")
    axes.set_ylabel(f"test {named(first['score'])}")
    label_ends(axes, [*ends, (floor[-1], "floor", FAINT)], gap=0.13)
