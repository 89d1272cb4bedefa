"""Inside the cells: what steps do to the state, what the gates let it keep, and what it keeps."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from longlag.records.examination import LEAST, Inside
from longlag.records.examination import View as Seen
from longlag.report.figures.style import (
    FAINT,
    INK,
    Label,
    Plot,
    colors,
    dashes,
    key,
    panels,
    positive,
)
from longlag.report.view import View
from longlag.report.words import Missing

LINEAR = 0.1  # nats a step: the axis of the exponents is linear below it
DECADES = 16  # of the shares, below the largest norm
LOST = 1e-300  # the height of the name of a line that ends in zeros: below the panel
MOMENTS = {"init": "at initialisation", "trained": "after training"}
BINS = 24
DOTTED = (0, (1, 1.3))


class Look(NamedTuple):
    """One cell, and how it is drawn."""

    cell: Inside
    color: str
    dashes: dict[str, Any]


def looks(view: View) -> list[Look]:
    """List the examined cells of the main setting."""
    cells = view.examined_main
    palette = colors(cell.row for cell in cells)
    leaves = dashes(leaf for cell in cells for leaf in cell.leaves)
    return [Look(cell, palette[cell.row.label], leaves) for cell in cells]


def columns(found: list[Look]) -> int:
    """Count the cells beside each other."""
    return min(max(2, len(found)), 4)


def stack(rows: list[Plot]) -> Plot:
    """Put several figures of the same columns below each other."""
    return Plot([figure for row in rows for figure in row.figures], rows[0].columns, rows[0].wide)


def steps(view: View) -> Plot:
    """Draw the product of steps, the Lyapunov spectrum and the spectral radius through time."""
    found = looks(view)
    rows = [
        panels(found, draw, columns(found), 1.5, share="y") for draw in (product, spectrum, radius)
    ]
    return stack(rows)


def moments(look: Look) -> list[tuple[Seen, str]]:
    """Give the views of a cell with their colours: grey at initialisation, then the cell's own."""
    return [(v, look.color if w == "trained" else FAINT) for w, v in look.cell.views.items()]


def whole_numbers(axes: Axes) -> None:
    """Set an axis of lags or steps."""
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))


def product(axes: Axes, look: Look) -> None:
    """Draw the norm of the product of the last k steps, and what they can stretch at most."""
    for seen, ink in moments(look):
        for logs, line in ((seen.product, {}), (seen.most, {"ls": DOTTED, "lw": 0.9})):
            values = np.where(np.isfinite(logs), logs, np.nan) / np.log(10)
            axes.plot(np.arange(1, len(values) + 1), values, color=ink, **line)
    axes.axhline(0, color=FAINT, lw=0.6, ls=":", zorder=0)
    whole_numbers(axes)
    axes.set(title=look.cell.label, xlabel="lag k (steps)", ylabel="log$_{10}$ product")


def spectrum(axes: Axes, look: Look) -> None:
    """Draw every Lyapunov exponent, falling, over the share of directions that keep as much."""
    for seen, ink in moments(look):
        found = seen.array("jacobian", "lyapunov")
        known = np.where(np.isfinite(found), found, np.nan)
        axes.plot((np.arange(len(known)) + 0.5) / len(known), known, color=ink)
    axes.axhline(0, color=FAINT, lw=0.6, ls=":", zorder=0)
    axes.set_xlim(0, 1)
    axes.set_xticks((0, 0.5, 1), labels=("0", "½", "1"))
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.set(title=look.cell.label, xlabel="directions, share of all", ylabel="exponent (nats)")


def radius(axes: Axes, look: Look) -> None:
    """Draw the largest eigenvalue of the Jacobian of single steps."""
    for seen, ink in moments(look):
        axes.plot(seen.array("jacobian", "steps"), seen.array("jacobian", "radius"), color=ink)
    axes.axhline(1, color=FAINT, lw=0.6, ls=":", zorder=0)
    whole_numbers(axes)
    axes.set(title=look.cell.label, xlabel="step t", ylabel="spectral radius")


def retention(view: View) -> Plot:
    """Draw shares of the gradient and of perturbations at both moments, and the linear probe."""
    found = looks(view)
    rows = [
        panels(found, partial(kept, when=when), columns(found), 1.6, share="y") for when in MOMENTS
    ]
    return stack([*rows, panels(found, probe, columns(found), 1.5, share="y")])


def kept(axes: Axes, look: Look, when: str) -> None:
    """Draw the gradient's share over its first norm, those of perturbations over their own."""
    axes.set_yscale("log")
    seen = look.cell.views.get(when)
    entries: list[tuple[str, dict[str, Any]]] = []
    if seen is None:
        axes.text(0.5, 0.5, "not finite", color=FAINT, transform=axes.transAxes)
    else:
        swapped = seen.array("retention/swap")
        axes.plot(np.arange(len(swapped)), positive(swapped), color=FAINT, lw=1)
        entries.append(("input swap", {"color": FAINT}))
        for leaf, left in seen.parts("retention/kick").items():
            line: dict[str, Any] = {"color": INK, "ls": look.dashes[leaf], "lw": 0.9}
            axes.plot(np.arange(len(left)), positive(left), **line)
            entries.append((f"perturbed {leaf}", line))
        first = seen.gradient[seen.gradient > 0]
        if len(first):
            shares = positive(seen.gradient / first[0])
            axes.plot(np.arange(len(shares)), shares, color=look.color, lw=1.5)
            entries.insert(0, ("gradient", {"color": look.color}))
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, LEAST), max(high, 2 * LEAST))
    if when == "init" and entries:
        key(axes, entries, loc="best", fontsize=7)
    lag_of(axes, look)
    axes.set(title=f"{look.cell.label} {MOMENTS[when]}", ylabel="share left")


def probe(axes: Axes, look: Look) -> None:
    """Draw R^2 of a linear map from the state to the input so many steps before."""
    for seen, ink in moments(look):
        axes.plot(*seen.linear_probe, color=ink)
    axes.set_ylim(-0.3, 1.05)
    lag_of(axes, look)
    axes.set(title=f"{look.cell.label}: linear probe", ylabel="R²")


def lag_of(axes: Axes, look: Look) -> None:
    """Set the lag axis, with the task's lag."""
    whole_numbers(axes)
    axes.set_xlabel("lag k (steps)")
    if look.cell.lag is not None:
        axes.axvline(look.cell.lag, color=FAINT, lw=0.6, ls=":", zorder=0)


def timescales(view: View) -> Plot:
    """Draw the share of units at each time scale, at both moments, of the cells with gates."""
    found = [look for look in looks(view) if any(len(v.time_scales) for v, _ in moments(look))]
    if not found:
        raise Missing("time scales")
    edges = bins([look.cell for look in found])
    return panels(found, partial(histogram, edges=edges), columns(found), share="y")


def bins(cells: list[Inside]) -> np.ndarray:
    """Space edges evenly in the log, over every finite time scale and every lag."""
    scales = np.concatenate([view.time_scales for cell in cells for view in cell.views.values()])
    known = scales[np.isfinite(scales) & (scales > 0)]
    marks = [*known, *(cell.lag for cell in cells if cell.lag)] or [1.0]
    return np.geomspace(min(marks) / 1.3, max(marks) * 1.5, BINS + 1)


def histogram(axes: Axes, look: Look, edges: np.ndarray) -> None:
    """Draw one cell; units that never forget stand in the last bin."""
    axes.set_xscale("log")
    for seen, ink in moments(look):
        tau = seen.time_scales
        if len(tau):
            counts, _ = np.histogram(np.clip(tau, edges[0], edges[-1]), edges)
            axes.stairs(counts / len(tau), edges, fill=True, color=ink, alpha=0.2, lw=0)
            axes.stairs(counts / len(tau), edges, color=ink, lw=1)
    axes.set_xlim(edges[0], edges[-1])
    few = edges[-1] < 30 * edges[0]
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
    if look.cell.lag is not None:
        axes.axvline(look.cell.lag, color=FAINT, lw=0.7, ls=":")
    axes.set(title=look.cell.label, xlabel="time scale (steps)", ylabel="share of units")


def shares(view: View) -> Plot:
    """Draw what of the gradient arrives along one part of the state alone, beside all of it."""
    found = [look for look in looks(view) if len(look.cell.leaves) > 1]
    if not found:
        raise Missing("one part")
    items = [(look, when) for look in found for when in MOMENTS]
    return panels(items, alone, share="y")


def limits(cells: list[Inside]) -> tuple[float, float]:
    """Bound the axis: a little more than the norms, and not all of what fades without end."""
    views = [view for cell in cells for view in cell.views.values()]
    norms = np.concatenate([v for view in views for v in view.parts("profile").values()])
    known = norms[np.isfinite(norms) & (norms > 0)]
    if not len(known):
        return 0.1, 1
    return max(known.min() / 100, known.max() * 10.0**-DECADES), known.max() * 3


def alone(axes: Axes, item: tuple[Look, str]) -> list[Label]:
    """Draw all of every part, and what comes along it alone."""
    (look, when), labels = item, []
    axes.set_yscale("log")
    axes.set(
        ylim=limits([look.cell]),
        title=f"{look.cell.label} {MOMENTS[when]}",
        ylabel="‖∂L/∂s$_{T-k}$‖",
    )
    lag_of(axes, look)
    seen = look.cell.views.get(when)
    for leaf, norms in (seen.parts("profile") if seen else {}).items():
        part = seen.array("along", leaf) if seen else norms
        lines = (norms, leaf, look.color, 1.3), (part, f"{leaf} alone", INK, 0.8)
        for values, name, ink, width in lines:
            shown = positive(values)
            axes.plot(np.arange(len(shown)), shown, ls=look.dashes[leaf], color=ink, lw=width)
            end = shown[-1] if np.isfinite(shown[-1]) else LOST
            labels.append(Label(end if np.isfinite(shown).any() else np.nan, name, ink))
    if all(np.isnan(label.y) for label in labels):
        axes.text(0.5, 0.5, "zero at every lag", color=FAINT, ha="center", transform=axes.transAxes)
    return labels
