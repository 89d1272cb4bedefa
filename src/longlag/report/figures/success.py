"""What the cells achieve: success over the length, and scores of all tasks on one scale."""

import numpy as np

from longlag.records.overall import Overall
from longlag.records.seed_groups import Group
from longlag.report.figures.style import COLUMN, FAINT, PAGE, colors, label_ends, new, style, svg

MANY = 6  # cells, which need the width of the page
BARS = np.linspace(0, 1, 201)


def ladder(groups: list[Group]) -> str:
    """The share of seeds that solve each length, with the exact interval; the 80 % bar."""
    labels = list(dict.fromkeys(g.label for g in groups))
    palette, ends = colors(groups), []
    with style():
        figure, axes = new(COLUMN, 2.0)
        place = axes[0, 0]
        for i, label in enumerate(labels):
            rows = sorted((g for g in groups if g.label == label), key=lambda g: g.length or 0)
            share = np.array([g.success for g in rows])  # value, low, high
            T = np.array([g.length for g in rows]) * 1.025 ** (i - (len(labels) - 1) / 2)
            error = np.abs(share[:, 1:] - share[:, :1]).T
            place.errorbar(
                T,
                share[:, 0],
                error,
                color=palette[label],
                marker="o",
                ms=3,
                lw=1.1,
                elinewidth=0.6,
            )
            ends.append((float(share[-1, 0]), label, palette[label]))
        place.axhline(0.8, color=FAINT, lw=0.7, ls=(0, (4, 2)), zorder=0)
        place.set_xscale("log")
        lengths = sorted({g.length or 0 for g in groups})
        place.set_xticks(lengths, [str(T) for T in lengths])
        place.minorticks_off()
        place.set_ylim(-0.03, 1.03)
        place.set_xlabel("sequence length T (steps)")
        place.set_ylabel("share of seeds that solve")
        label_ends(place, ends, gap=0.08)
        return svg(figure)


def overall(cells: list[Overall], ink: dict[str, str]) -> str:
    """Success and mean skill with a tick a seed, and the share of runs above a skill."""
    parts = [("solved", "success", "share of tasks solved"), ("skill", "mean_skill", "mean skill")]
    parts = [part for part in parts if len(getattr(cells[0], part[0]))]
    with style():
        height, count = max(1.1, 0.18 * len(cells)), len(parts) + 1
        if len(cells) > MANY:
            figure, axes = new(PAGE, height + 0.6, 1, count)
        else:
            figure, axes = new(COLUMN, (height + 0.5) * count, count)
        axes = axes.flat
        for place, (ticks, mean, name) in zip(axes, parts, strict=False):
            for i, cell in enumerate(reversed(cells)):
                value, low, high = getattr(cell, mean)
                place.plot([low, high], [i, i], color=ink[cell.label], lw=2.4, alpha=0.35)
                seeds = getattr(cell, ticks)
                place.plot(seeds, np.full(len(seeds), i - 0.3), "|", color=ink[cell.label], ms=4)
                place.plot(value, i, "o", color=ink[cell.label], ms=4.5)
            place.set_yticks(range(len(cells)), [cell.label for cell in reversed(cells)])
            place.set_ylim(-0.6, len(cells) - 0.4)
            place.set_xlim(-0.03, 1.03)
            place.set_xlabel(name)
            place.tick_params(axis="y", length=0)
            place.spines["left"].set_visible(False)
        ends = []
        for cell in cells:
            shares = cell.profile(BARS)
            axes[count - 1].plot(BARS, shares, color=ink[cell.label], drawstyle="steps-post")
            ends.append((float(shares[-10]), cell.label, ink[cell.label]))
        axes[count - 1].set_xlim(0, 1)
        axes[count - 1].set_ylim(-0.02, 1.02)
        axes[count - 1].set_xlabel("skill τ")
        axes[count - 1].set_ylabel("share of runs > τ")
        label_ends(axes[count - 1], ends, gap=min(0.12, 0.95 / len(ends)))
        return svg(figure)
