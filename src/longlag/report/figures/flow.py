"""The gradient-flow figure: the norm of dL/ds_t against the lag, before and after training."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from longlag.records.seed_groups import Group
from longlag.report.figures.style import (
    DASH,
    FAINT,
    PAGE,
    colors,
    faded,
    label_ends,
    new,
    style,
    svg,
)

FLOAT32 = float(np.finfo(np.float32).tiny)
LOWEST = 1e-46  # below it single precision holds nothing
LINE = 0.17  # inches that the name of a curve needs
WHEN = ((0, "At initialisation"), (-1, "After training"))


def flow(groups: list[Group]) -> str:
    """Two panels, one line a state of each cell: median over seeds, from least to most shaded."""
    with style():
        height = max(2.35, LINE * lines(groups))
        figure, axes = new(PAGE, height, 1, 2, sharex=True, sharey=True)
        row(axes[0], groups, 0.165 / height)
        for place, (_, title) in zip(axes[0], WHEN, strict=True):
            place.set_title(title)
            place.set_xlabel("lag: steps back from the loss, T - t")
        return svg(figure)


def lines(groups: list[Group]) -> int:
    """How many curves a panel holds."""
    return sum(len(g.paths) for g in groups)


def panel_height(settings: dict[str, list[Group]]) -> float:
    """Inches for one task of the gallery: the names at its edge need room."""
    return max(1.55, LINE * max(lines(groups) for groups in settings.values()))


def gallery(settings: dict[str, list[Group]]) -> str:
    """The same two panels for every task, one below the other."""
    with style():
        height = panel_height(settings)
        figure, axes = new(PAGE, height * len(settings) + 0.3, len(settings), 2, sharey="row")
        for places, (name, groups) in zip(axes, settings.items(), strict=True):
            row(places, groups, 0.163 / height)
            for place, (_, title) in zip(places, WHEN, strict=True):
                place.set_title(f"{name}: {title[0].lower()}{title[1:]}")
        for place in axes[-1]:
            place.set_xlabel("lag: steps back from the loss, T - t")
        return svg(figure)


def row(places: np.ndarray, groups: list[Group], gap: float) -> None:
    """Draw the panels of one task, labels `gap` of the height apart."""
    ends = [draw(place, groups, at) for place, (at, _) in zip(places, WHEN, strict=True)]
    places[0].set_ylabel("‖∂L/∂s$_t$‖")
    bottom, top = places[0].get_ylim()
    places[0].set_ylim(max(bottom, LOWEST), top)
    for place, labels in zip(places, ends, strict=True):
        if bottom < FLOAT32:
            place.axhline(FLOAT32, color=FAINT, lw=0.6, ls=":")
            place.text(
                0.02, FLOAT32 * 3, "smallest normal float32", color=FAINT, size=5.5,
                transform=place.get_yaxis_transform(),
            )  # fmt: skip
        label_ends(place, labels, gap=gap)


def draw(axes: Axes, groups: list[Group], at: int) -> list[tuple[float, str, str]]:
    """One panel; the labels for its right edge."""
    palette, labels = colors(groups), []
    axes.set_yscale("log")
    for g in groups:
        for path in g.paths:
            norms = g.profiles(path.leaf, at, path.layer)
            if not norms.size:
                continue
            norms = np.where(norms > 0, norms, np.nan)
            lag, ink, strength = np.arange(norms.shape[1]), palette[g.label], faded(path.layer)
            middle = typical(norms)
            axes.fill_between(lag, *extremes(norms), color=ink, alpha=0.12 * (strength or 1), lw=0)
            axes.plot(lag, norms.T, color=ink, lw=0.4, alpha=0.45 * (strength or 1))
            axes.plot(lag, middle, color=ink, ls=DASH.get(path.leaf, "-"), alpha=strength)
            known = middle[np.isfinite(middle)]
            labels.append((float(known[-1]) if len(known) else np.nan, g.line(path), ink))
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    return labels


def typical(norms: np.ndarray) -> np.ndarray:
    """The median over seeds at every lag, in the log; NaN where no seed has a number."""
    found = np.full(norms.shape[1], np.nan)
    known = np.isfinite(norms).any(axis=0)
    found[known] = np.exp(np.nanmedian(np.log(norms[:, known]), axis=0))
    return found


def extremes(norms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most over seeds at every lag."""
    with np.errstate(invalid="ignore"):
        return np.fmin.reduce(norms, axis=0), np.fmax.reduce(norms, axis=0)
