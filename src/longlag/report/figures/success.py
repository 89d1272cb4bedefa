"""What the cells achieve: success over the length, and scores of all tasks on one scale."""

import numpy as np

from longlag.records.seed_groups import Group
from longlag.report.figures.style import COLUMN, FAINT, PAGE, colors, label_ends, new, style, svg
from longlag.stats import Interval

MANY = 6  # cells, which need the width of the page
BARS = np.linspace(0, 1, 201)


def ladder(groups: list[Group]) -> str:
    """The share of seeds that solve each length, with Wilson's interval; the 80 % bar."""
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


def overall(
    scores: dict[str, Interval],
    skills: dict[str, np.ndarray],
    profiles: dict[str, np.ndarray],
    ink: dict[str, str],
) -> str:
    """IQM of the skill with its interval and every run, and the share of runs above a skill."""
    with style():
        height = max(1.6, 0.14 * len(scores))
        if len(scores) > MANY:
            figure, axes = new(PAGE, height + 0.4, 1, 2)
        else:
            figure, axes = new(COLUMN, 0.16 * len(scores) + height + 0.6, 2, 1)
        axes = axes.flat
        for i, (label, (value, low, high)) in enumerate(reversed(scores.items())):
            axes[0].plot([low, high], [i, i], color=ink[label], lw=2.4, alpha=0.35)
            axes[0].plot(skills[label], np.full(len(skills[label]), i - 0.3), "|", color=ink[label],
                         ms=3, mew=0.6, alpha=0.7)  # fmt: skip
            axes[0].plot(value, i, "o", color=ink[label], ms=4.5)
        axes[0].set_yticks(range(len(scores)), list(reversed(scores)))
        axes[0].set_ylim(-0.6, len(scores) - 0.4)
        axes[0].set_xlabel("skill over all tasks, IQM (0 = floor, 1 = perfect)")
        axes[0].tick_params(axis="y", length=0)
        axes[0].spines["left"].set_visible(False)
        ends = []
        for label, shares in profiles.items():
            axes[1].plot(BARS, shares, color=ink[label], drawstyle="steps-post")
            ends.append((float(shares[-10]), label, ink[label]))
        axes[1].set_xlim(0, 1)
        axes[1].set_ylim(-0.02, 1.02)
        axes[1].set_xlabel("skill τ")
        axes[1].set_ylabel("share of runs > τ")
        label_ends(axes[1], ends, gap=min(0.09, 0.95 / len(ends)))
        return svg(figure)
