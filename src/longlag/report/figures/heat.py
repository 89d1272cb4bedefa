"""How the gradient's reach grows: its norm over the lag and over training, a panel a state."""

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from longlag.report.figures.paint import COLUMN, PAGE, new, style, svg
from longlag.report.groups import Group

DECADES = 24  # shown below the largest norm


def heat(groups: list[Group]) -> str:
    """log10 ||dL/ds_t|| of each cell's run with the median score."""
    panels = [
        (f"{g.label} {leaf}", g.typical.probe["steps"], g.typical.probe[f"profile/0/{leaf}"])
        for g in groups
        for leaf in g.leaves()
        if f"profile/0/{leaf}" in g.typical.probe
    ]
    with np.errstate(divide="ignore"):
        logs = [np.log10(norms) for *_, norms in panels]
    known = np.concatenate([x[np.isfinite(x)] for x in logs])
    top = float(known.max()) if len(known) else 0.0
    scale = Normalize(max(float(known.min()) if len(known) else -1.0, top - DECADES), top)
    with style():
        columns = 4 if len(panels) > 4 else 2
        rows = -(-len(panels) // columns)
        shared = len({tuple(steps) for _, steps, _ in panels}) == 1
        figure, axes = new(
            PAGE if columns > 2 else COLUMN,
            1.4 * rows + 0.2,
            rows,
            columns,
            sharex=True,
            sharey=shared,
        )
        for place in axes.flat[len(panels) :]:
            place.set_axis_off()
        for place, (title, steps, _), values in zip(axes.flat, panels, logs, strict=False):
            place.set_facecolor("#440154")
            place.imshow(
                values, aspect="auto", origin="lower", norm=scale, cmap="viridis",
                interpolation="nearest",
            )  # fmt: skip
            place.set_title(title)
            shown = np.unique(
                np.linspace(0, len(steps) - 1, min(len(steps), 6)).round().astype(int)
            )
            place.set_yticks(shown, [f"{steps[i]:,}" for i in shown])
            place.tick_params(length=2)
        for place in axes[-1]:
            place.set_xlabel("lag T - t (steps)")
        for place in axes[:, 0]:
            place.set_ylabel("training step")
        bar = figure.colorbar(
            ScalarMappable(scale, "viridis"), ax=axes, pad=0.01, fraction=0.1 / columns, aspect=28
        )
        bar.set_label("log$_{10}$ ‖∂L/∂s$_t$‖")
        bar.outline.set_visible(False)  # type: ignore[operator]
        return svg(figure)
