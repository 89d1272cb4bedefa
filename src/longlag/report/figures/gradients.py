"""The gradient on its way back: its norm over the lag, before and after training and between."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from longlag.records.seed_groups import Group
from longlag.report.figures.style import (
    FAINT,
    Label,
    Plot,
    colors,
    dashes,
    faded,
    panels,
    positive,
)
from longlag.report.view import View
from longlag.report.words import Missing

FLOAT32 = float(np.finfo(np.float32).tiny)
LOWEST = 1e-46  # below it single precision holds nothing
WHEN = ((0, "at initialisation"), (-1, "after training"))
DECADES = 24  # of a heat map, below the largest norm
BELOW = "#440154"  # the darkest colour of the map: everything below them


class Moment(NamedTuple):
    """One task before or after training."""

    groups: list[Group]
    at: int
    title: str


def flow(view: View) -> Plot:
    """Draw the main task: one line a state of each cell, median over seeds."""
    if not view.probed:
        raise Missing("no gradient was probed")
    groups = view.probed[view.main]
    moments = [Moment(groups, at, title.capitalize()) for at, title in WHEN]
    return panels(moments, profiles, height=2.2, share="y")


def gallery(view: View) -> Plot:
    """Draw the same two panels for every task."""
    found: list = []
    for name, groups in view.probed.items():
        moments = [Moment(groups, at, f"{name}: {title}") for at, title in WHEN]
        found += panels(moments, profiles, height=1.7, share="y").figures
    return Plot(found, 2, True)


def profiles(axes: Axes, moment: Moment) -> list[Label]:
    """Draw the norm over the lag of every part of the state."""
    palette, labels = colors(moment.groups), []
    looks = dashes(path.leaf for g in moment.groups for path in g.paths)
    axes.set_yscale("log")
    for g in moment.groups:
        for path in g.paths:
            norms = positive(g.profiles(path.leaf, moment.at, path.layer))
            if not norms.size:
                continue
            lag, ink, alpha = np.arange(norms.shape[1]), palette[g.label], faded(path.layer)
            middle = typical(norms)
            axes.fill_between(lag, *extremes(norms), color=ink, alpha=0.12 * (alpha or 1), lw=0)
            axes.plot(lag, norms.T, color=ink, lw=0.4, alpha=0.45 * (alpha or 1))
            axes.plot(lag, middle, color=ink, ls=looks[path.leaf], alpha=alpha)
            known = middle[np.isfinite(middle)]
            labels.append(Label(float(known[-1]) if len(known) else np.nan, g.line(path), ink))
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set(title=moment.title, xlabel="lag: steps back from the loss", ylabel="‖∂L/∂s$_t$‖")
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, LOWEST), top)
    if bottom < FLOAT32:
        axes.axhline(FLOAT32, color=FAINT, lw=0.6, ls=":")
        axes.text(
            0.02, FLOAT32 * 3, "smallest normal float32", color=FAINT,
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    return labels


def typical(norms: np.ndarray) -> np.ndarray:
    """Take the median over seeds at every lag, in the log; NaN where no seed has a number."""
    found = np.full(norms.shape[1], np.nan)
    known = np.isfinite(norms).any(axis=0)
    found[known] = np.exp(np.nanmedian(np.log(norms[:, known]), axis=0))
    return found


def extremes(norms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most over seeds at every lag."""
    with np.errstate(invalid="ignore"):
        return np.fmin.reduce(norms, axis=0), np.fmax.reduce(norms, axis=0)


class Map(NamedTuple):
    """A heat map."""

    title: str
    steps: np.ndarray  # (S,) of training
    values: np.ndarray  # (S,K) log10 of the norm


def heat(view: View) -> Plot:
    """Draw the main task: log10 of the norm over lag and training, of each cell's median run."""
    maps = [m for g in view.probed[view.main] for m in maps_of(g)]
    values = np.concatenate([m.values.ravel() for m in maps])
    known = values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)
    scale = Normalize(max(known.min(), known.max() - DECADES), known.max())

    def draw(axes: Axes, m: Map) -> None:
        axes.set_facecolor(BELOW)
        image = axes.imshow(
            m.values, aspect="auto", origin="lower", norm=scale, cmap="viridis",
            interpolation="nearest",
        )  # fmt: skip
        shown = np.unique(np.linspace(0, len(m.steps) - 1, 6).round().astype(int))
        axes.set_yticks(shown, [f"{m.steps[i]:,}" for i in shown])
        axes.set(title=m.title, xlabel="lag (steps)", ylabel="training step")
        bar = axes.figure.colorbar(image, ax=axes, pad=0.02, fraction=0.06, aspect=22)
        bar.outline.set_visible(False)  # type: ignore[operator]

    return panels(maps, draw, columns=2 if len(maps) == 4 else 3)


def maps_of(g: Group) -> list[Map]:
    """Make one map for each part of the state of each layer."""
    probe, found = g.typical.probe, []
    for path in g.paths:
        norms = probe.get(f"profile/{path.layer}/{path.leaf}")
        if norms is not None:
            with np.errstate(divide="ignore"):
                found.append(Map(f"{g.label} {g.named(path)}", probe["steps"], np.log10(norms)))
    return found
