"""The score against the length of the sequences, within and beyond that of training."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from longlag.records.extrapolation import Beyond
from longlag.records.seed_groups import grouped
from longlag.report.figures import style
from longlag.report.figures.style import FAINT, Label, Plot, colors, label_ends, panels
from longlag.report.format import named
from longlag.report.view import View


def extrapolation(view: View) -> Plot:
    """Draw one panel a setting, one line a cell."""
    palette = colors(view.beyond)
    groups = by_setting(view.beyond).values()
    return panels(groups, lambda axes, group: draw(axes, group, palette), columns=3)


def sheet(runs: list[Beyond]) -> Figure:
    """Draw any runs on one sheet; to be made and drawn in the house's `style`."""
    palette = colors(runs)

    def one(axes: Axes, group: list[Beyond]) -> None:
        label_ends(axes, draw(axes, group, palette), gap=0.13)

    return style.sheet(list(by_setting(runs).values()), one, columns=3, width=2.4, height=1.8)


def by_setting(runs: list[Beyond]) -> dict[str, list[Beyond]]:
    """Collect the runs of each task and training length."""
    return grouped(runs, lambda one: one.setting)


def draw(axes: Axes, group: list[Beyond], palette: dict[str, str]) -> list[Label]:
    """Draw the curves of one setting, its floor and the length of training."""
    labels, first = [], group[0].found
    lengths = [point["length"] for point in first["points"]]
    for one in group:
        y = [point["metrics"][one.found["score"]] for point in one.found["points"]]
        x = [point["length"] for point in one.found["points"]]
        axes.plot(x, y, "o-", ms=2.2, color=palette[one.label])
        labels.append(Label(y[-1], one.label, palette[one.label]))
    floor = [point["floor"]["value"] for point in first["points"]]
    axes.plot(lengths, floor, color=FAINT, ls=(0, (1, 1.5)))
    axes.axvline(first["length"], color=FAINT, lw=0.6)
    axes.set_xscale("log")
    axes.set_xlim(lengths[0] / 1.1, lengths[-1] * 1.1)
    axes.set_xticks([n for n in lengths if n in (first["length"], lengths[0], lengths[-1])])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(
        title=group[0].setting,
        xlabel="length of the test sequences",
        ylabel=f"test {named(first['score'])}",
    )
    return [*labels, Label(floor[-1], "floor", FAINT)]
