"""True against predicted: one step ahead, then running free, and how that error grows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from longlag.report.figures.style import FAINT, INK, PAGE, color

FREE = "#D55E00"
CHANNELS = 3  # of a series that are drawn, at most


def picture(
    cell: str,
    title: str,
    warm: int,
    truth: np.ndarray,
    ahead: np.ndarray,
    free: np.ndarray | None,
    error: np.ndarray | None,
    bound: float,
) -> Figure:
    """Draw the figure of a run; to be made and drawn in the house's `style`.

    Args:
        cell: its colour is that of the forecasts one step ahead.
        title: of the panel on the left.
        warm: steps that are given.
        truth: the value after each step (T,D) of one sequence.
        ahead: its forecast from the true past (T,D).
        free: its forecast from the model's own answers (T-warm+1,D); None: it has none.
        error: of all sequences, over the free steps (H,B); None likewise.
        bound: below it a forecast is valid.
    """
    drawn = min(truth.shape[1], CHANNELS)
    columns = 1 if error is None else 2
    widths = [2.6, 1][:columns]
    figure = Figure(figsize=(PAGE, 1.2 + 1.0 * drawn), layout="constrained")
    axes = figure.subplots(drawn, columns, squeeze=False, width_ratios=widths)
    for d in range(drawn):
        parts = truth[:, d], ahead[:, d], None if free is None else free[:, d]
        series(axes[d, 0], cell, warm, *parts)
        if d < drawn - 1:
            axes[d, 0].tick_params(labelbottom=False)
    axes[0, 0].set_title(title)
    axes[drawn - 1, 0].set_xlabel("step")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels), handlelength=1.6)
    if error is not None:
        for place in axes[:, 1]:
            place.remove()
        growth(figure.add_subplot(axes[0, 0].get_gridspec()[:, 1]), error, bound)
    return figure


def series(
    axes: Axes, cell: str, warm: int, truth: np.ndarray, ahead: np.ndarray, free: np.ndarray | None
) -> None:
    """Draw one channel of one sequence."""
    t = np.arange(2, len(truth) + 2)  # the value after step 1 is that of step 2
    axes.plot(t, truth, color=INK, lw=1.0, label="true")
    axes.plot(t, ahead, ".", color=color(cell), ms=2.6, label="one step ahead")
    if free is not None:
        axes.axvline(warm + 0.5, color=FAINT, lw=0.6, ls=(0, (1, 1.5)))
        label = f"running free after {warm} steps"
        axes.plot(t[warm - 1 :], free, color=FREE, lw=1.1, ls=(0, (4, 1.4)), label=label)
    low, high = truth.min(), truth.max()
    room = 0.25 * (high - low)
    axes.set(ylim=(low - room, high + room), xlim=(1, len(truth) + 2))


def growth(axes: Axes, error: np.ndarray, bound: float) -> None:
    """Draw the median error over the free steps, with the middle half of the sequences."""
    steps = np.arange(1, len(error) + 1)
    low, middle, high = np.quantile(error, (0.25, 0.5, 0.75), axis=1)
    axes.fill_between(steps, low, high, color=FREE, alpha=0.18, lw=0)
    axes.plot(steps, middle, color=FREE)
    axes.axhline(bound, color=FAINT, lw=0.6, ls=(0, (1, 1.5)))
    axes.set(
        ylim=(0, max(1.6, float(np.nanmax(middle)) * 1.1) if np.isfinite(middle).all() else 2),
        xlim=(1, len(error)),
    )
    axes.annotate(
        f"valid below {bound:g}",
        (1, bound),
        (3, 2),
        textcoords="offset points",
        color=FAINT,
        fontsize=6,
    )
    axes.set(title=f"error running free, {error.shape[1]} sequences", xlabel="steps ahead")
