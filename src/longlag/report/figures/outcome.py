"""What the cells achieve, and whether the gradient goes with it."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from longlag.records.gradient_decay import Outcome
from longlag.records.overall import Overall
from longlag.records.seed_groups import Group, task_label
from longlag.report.figures.style import FAINT, INK, Label, Plot, colors, key, panels
from longlag.report.view import View

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
BARS = np.linspace(0, 1, 201)  # of a performance profile
LINEAR = 0.01  # nats a step; the axis is linear below it and logarithmic above
TICKS = (0.01, 0.1, 1.0, 10.0)
MANY = 12  # names that a key inside a panel can hold


def horizon(view: View) -> Plot:
    """Draw the share of seeds that solve each length, with the exact interval; the 80 % bar."""
    draw, count = partial(draw_ladder, view), len(view.ladders)
    return panels(view.ladders.items(), draw, min(count, 3), height=1.75, wide=count > 1)


def draw_ladder(view: View, axes: Axes, item: tuple[str, list[Group]]) -> list[Label]:
    """Draw one task; a rung that a few of its seeds decided is drawn as the bound that it is."""
    (task, groups), labels = item, []
    names = list(dict.fromkeys(g.label for g in groups))
    palette = colors(groups)
    for i, label in enumerate(names):
        rows = sorted((g for g in groups if g.label == label), key=lambda g: g.length or 0)
        share = np.array([success(g, view.planned(g)) for g in rows])  # value, low, high
        bound = np.array([view.planned(g) > len(g.runs) for g in rows])
        T = np.array([g.length for g in rows]) * 1.025 ** (i - (len(names) - 1) / 2)
        error = np.abs(share[:, 1:] - share[:, :1]).T
        axes.errorbar(T, share[:, 0], error, color=palette[label], lw=1.1, elinewidth=0.6)
        for these, mark in ((~bound, "osDP"[i % 4]), (bound, "v")):
            axes.plot(T[these], share[these, 0], mark, color=palette[label], ms=3.4)
        labels.append(Label(float(share[-1, 0]), label, palette[label]))
    axes.axhline(0.8, color=FAINT, lw=0.7, ls=(0, (4, 2)), zorder=0)
    axes.set_xscale("log")
    lengths = sorted({g.length or 0 for g in groups})
    axes.set_xticks(lengths, [str(T) for T in lengths])
    axes.minorticks_off()
    axes.set(
        ylim=(-0.03, 1.03),
        title=task_label(task),
        xlabel="sequence length T (steps)",
        ylabel="share of seeds",
    )
    return labels


def success(g: Group, planned: int) -> tuple[float, float, float]:
    """Return the share of seeds that solved a row, with its interval or with bounds."""
    rest = planned - len(g.runs)
    if not rest:
        return g.success
    least = (g.solved or 0) / planned
    return least + rest / planned, least, least + rest / planned


def skill(view: View) -> Plot:
    """Draw success and mean skill of each cell, a tick a seed, and the runs above a skill."""
    cells, ink = view.overall, colors(view.groups)
    parts = [("solved", "success", "share of tasks solved"), ("skill", "mean_skill", "mean skill")]
    parts = [part for part in parts if len(getattr(cells[0], part[0]))]
    draws: list[Any] = [partial(draw_means, cells=cells, ink=ink, part=part) for part in parts]
    draws.append(partial(draw_profiles, cells=cells, ink=ink))
    height = max(1.7, 0.2 * len(cells) + 0.5)
    return panels(draws, lambda axes, draw: draw(axes), columns=len(draws), height=height)


def draw_means(
    axes: Axes, cells: list[Overall], ink: dict[str, str], part: tuple[str, str, str]
) -> None:
    """Draw a mean over tasks with its interval, and every seed."""
    seeds, mean, name = part
    for i, cell in enumerate(reversed(cells)):
        value, low, high = getattr(cell, mean)
        values = getattr(cell, seeds)
        axes.plot([low, high], [i, i], color=ink[cell.label], lw=2.4, alpha=0.35)
        axes.plot(values, np.full(len(values), i - 0.3), "|", color=ink[cell.label], ms=4)
        axes.plot(value, i, "o", color=ink[cell.label], ms=4.5)
    axes.set_yticks(range(len(cells)), [cell.label for cell in reversed(cells)])
    axes.set(ylim=(-0.6, len(cells) - 0.4), xlim=(-0.03, 1.03), xlabel=name)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_profiles(axes: Axes, cells: list[Overall], ink: dict[str, str]) -> list[Label]:
    """Draw the share of runs above every skill."""
    labels = []
    for cell in cells:
        shares = cell.profile(BARS)
        axes.plot(BARS, shares, color=ink[cell.label], drawstyle="steps-post")
        labels.append(Label(float(shares[-10]), cell.label, ink[cell.label]))
    axes.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="skill τ", ylabel="share of runs > τ")
    return labels


def outcome(view: View) -> Plot:
    """Draw decay rate against skill; the colour tells the cell, the shape the task."""
    rows = [o.row for o in view.outcomes]
    palette = colors(rows)
    shapes: dict[str, str] = dict(
        zip(dict.fromkeys(g.setting for g in rows), MARKS * 5, strict=False)
    )
    ends = [getattr(o, when) for o in view.outcomes for when in ("initial", "final")]
    moments = [("initial", "At initialisation"), ("final", "After training")]

    def draw(axes: Axes, moment: tuple[str, str]) -> None:
        scatter(axes, view.outcomes, moment[0], palette, shapes)
        axes.set(title=moment[1], xlim=limits(ends))
        if moment[0] == "initial" and len(palette) + len(shapes) <= MANY:
            entries = [(name, {"color": c, "ls": "", "marker": "o"}) for name, c in palette.items()]
            entries += [
                (name, {"color": INK, "ls": "", "marker": m, "mfc": "none"})
                for name, m in shapes.items()
            ]
            entries = [(name, look | {"ms": 3.5}) for name, look in entries]
            key(axes, entries, loc="upper left", fontsize=7, bbox_to_anchor=(0, 0.93))

    return panels(moments, draw, height=2.4)


def scatter(
    axes: Axes,
    found: list[Outcome],
    when: str,
    palette: dict[str, str],
    shapes: dict[str, str],
) -> None:
    """Draw every run at its rate `when` (initial or final)."""
    for o in found:
        ink = palette[o.row.label]
        axes.plot(
            getattr(o, when), o.run.skill, shapes[o.row.setting], ms=3.4,
            mfc=ink if o.run.solved else "none", mec=ink, mew=0.7, alpha=0.85,
        )  # fmt: skip
    for height in (0, 1):
        axes.axhline(height, color=FAINT, lw=0.6, ls=":", zorder=0)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([0, 0.5, 1], ["floor 0", "0.5", "perfect 1"])
    axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.7)
    axes.set_xticks(
        [*(-t for t in TICKS), 0, *TICKS],
        [*(f"-{t:g}" for t in TICKS), "0", *(f"{t:g}" for t in TICKS)],
    )
    axes.minorticks_off()
    axes.set(xlabel="decay rate of the best path (nats per step)", ylabel="test skill")


def limits(rates: list[float]) -> tuple[float, float]:
    """Bound the axis: both sides of 0 where there are any, and a little more than the rates."""
    low, high = min(rates), max(rates)
    return (1.4 * low - 0.002 if low < 0 else -0.002), max(1.4 * high, LINEAR)
