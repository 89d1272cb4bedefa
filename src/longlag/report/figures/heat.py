"""How the gradient's reach grows: its norm over the lag and over training, a panel a state."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from longlag.records.seed_groups import Group
from longlag.report.figures.style import COLUMN, PAGE, new, style, svg

DECADES = 24  # shown below the largest norm
BELOW = "#440154"  # the darkest colour of the map: everything below them


class Map(NamedTuple):
    """One panel."""

    title: str
    steps: np.ndarray  # (S,) of training
    values: np.ndarray  # (S,K) log10 of the norm


def heat(groups: list[Group]) -> str:
    """log10 ||dL/ds_t|| of each cell's run with the median score."""
    maps = [m for g in groups for m in maps_of(g)]
    values = np.concatenate([m.values.ravel() for m in maps])
    known = values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)
    scale = Normalize(max(known.min(), known.max() - DECADES), known.max())
    columns = 4 if len(maps) > 4 else 2
    rows = -(-len(maps) // columns)
    same = len({tuple(m.steps) for m in maps}) == 1
    with style():
        width = PAGE if columns > 2 else COLUMN
        figure, axes = new(width, 1.4 * rows + 0.2, rows, columns, sharex=True, sharey=same)
        for place in axes.flat[len(maps) :]:
            place.set_axis_off()
        for place, m in zip(axes.flat, maps, strict=False):
            draw(place, m, scale)
        for place in axes[-1]:
            place.set_xlabel("lag T - t (steps)")
        for place in axes[:, 0]:
            place.set_ylabel("training step")
        colours = ScalarMappable(scale, "viridis")
        bar = figure.colorbar(colours, ax=axes, pad=0.01, fraction=0.1 / columns, aspect=28)
        bar.set_label("log$_{10}$ ‖∂L/∂s$_t$‖")
        bar.outline.set_visible(False)  # type: ignore[operator]
        return svg(figure)


def maps_of(g: Group) -> list[Map]:
    """The panels of a row: one for each part of the state of each layer."""
    probe, found = g.typical.probe, []
    for path in g.paths:
        norms = probe.get(f"profile/{path.layer}/{path.leaf}")
        if norms is not None:
            with np.errstate(divide="ignore"):
                found.append(Map(f"{g.label} {g.named(path)}", probe["steps"], np.log10(norms)))
    return found


def draw(axes: Axes, m: Map, scale: Normalize) -> None:
    """One panel; training steps are evenly spaced, as they were probed."""
    axes.set_facecolor(BELOW)
    axes.imshow(
        m.values, aspect="auto", origin="lower", norm=scale, cmap="viridis", interpolation="nearest"
    )
    axes.set_title(m.title)
    shown = np.unique(np.linspace(0, len(m.steps) - 1, 6).round().astype(int))
    axes.set_yticks(shown, [f"{m.steps[i]:,}" for i in shown])
    axes.tick_params(length=2)
