"""The gradient in numbers: decay rates, their link with the outcome, the inside of the cells."""

from typing import Any, NamedTuple

import numpy as np

from longlag.records.examination import LEAST, Inside, Pair
from longlag.records.gradient_decay import Link, decay_rate, link, log_fraction
from longlag.records.seed_groups import Group, grouped
from longlag.records.side_files import Path
from longlag.report.document import Table
from longlag.report.format import NONE, around, decades, fixed, percent, sig, whole
from longlag.report.tables.columns import Column, build, words
from longlag.report.view import View
from longlag.stats import Decay, Interval, holm


class Way(NamedTuple):
    """One path of the gradient of one row."""

    group: Group
    path: Path

    def rate(self, at: int) -> Decay:
        """Return its decay rate."""
        return decay_rate(self.group, self.path.leaf, at, self.path.layer)

    def among(self, met: bool) -> "Way | None":
        """Return it in the runs that solved the task, or did not; None if it has no rate there."""
        group = self.group.among(met)
        part = group and Way(group, self.path)
        return None if part is None or np.isnan(part.rate(-1).rate) else part

    def left(self, at: int) -> float:
        """Return ln of what is left of it at the longest lag."""
        return log_fraction(self.group, self.path.leaf, at, self.path.layer)


def rates(view: View) -> Table:
    """List the decay rates of every row, before and after, solved runs and the others apart."""
    rows: list = []
    for setting, groups in view.probed.items():
        rows += [setting, *(Way(g, path) for g in groups for path in g.paths)]
    columns = [words("path", lambda w: f"{w.group.label} {w.group.named(w.path)}")]
    for at, name in ((0, "λ at init"), (-1, "λ trained")):
        columns += moment(at, name)
    columns += [part(True, "λ solved"), part(False, "λ unsolved")]
    return build("rates", columns, rows, wide=True)


def moment(at: int, name: str) -> list[Column]:
    """Make the columns of a moment of training."""

    def interval(w: Way) -> str:
        return around(w.rate(at)[:3], int(np.isfinite(w.rate(at).slopes).sum()))

    return [
        Column(name, lambda w: w.rate(at).rate),
        Column("95 %", lambda w: Interval(*w.rate(at)[:3]), interval, whole=True),
        Column("half-life", lambda w: w.rate(at).half_life),
        Column("log₁₀ left", lambda w: w.left(at), decades),
    ]


def part(met: bool, name: str) -> Column:
    """Show the trained rate of the runs that solved the task, or of those that did not."""

    def show(w: Way) -> str:
        found = w.among(met)
        return f"{sig(found.rate(-1).rate)} ({len(found.group.runs)})" if found else NONE

    def value(w: Way) -> float:
        found = w.among(met)
        return found.rate(-1).rate if found else np.nan

    return Column(name, value, show, whole=True)


class Linked(NamedTuple):
    """A row of the table of outcomes: both moments, with p-values adjusted over the table."""

    name: str
    links: tuple[Link, Link]
    p: tuple[float, float]


def count(known: int | None) -> float:
    """Give a count, or NaN where there is none."""
    return np.nan if known is None else known


def links(view: View) -> Table:
    """Link rate and outcome for every task, for every cell, and for all together."""
    found = view.outcomes
    parts = grouped(found, lambda o: o.row.setting)
    rows = {setting: part for setting, part in parts.items() if len(part) >= 3}
    for label in dict.fromkeys(o.row.label for o in found):
        own = [o for o in found if o.row.label == label]
        if len(parts) > 1 and len(own) >= 3:
            rows[f"{label}, all tasks"] = own
    if len(rows) != 1:
        rows["all runs"] = found
    both = [(link(part, "initial"), link(part, "final")) for part in rows.values()]
    p = holm([one.rank.p for pair in both for one in pair])
    items = [
        Linked(name, pair, (p[2 * i], p[2 * i + 1]))
        for i, (name, pair) in enumerate(zip(rows, both, strict=True))
    ]
    columns = [
        words("runs of", lambda r: r.name),
        Column("n", lambda r: r.links[0].runs, whole),
        Column("solved", lambda r: count(r.links[0].solved), whole),
        Column("pairs", lambda r: r.links[0].pairs or np.nan, whole),
    ]
    for i, name in enumerate(("at init", "trained")):
        columns += [
            Column(f"rho {name}", lambda r, i=i: r.links[i].rank.rho, fixed),
            Column("p", lambda r, i=i: r.p[i], lambda p: sig(p, 2)),
            Column(f"AUC {name}", lambda r, i=i: r.links[i].auc, percent),
        ]
    return build("links", columns, items, wide=True)


def inside(view: View) -> Table:
    """List every cell of every examined run."""
    rows: list = []
    for setting, cells in view.examined.items():
        lag = next((cell.lag for cell in cells if cell.lag), None)
        rows += [setting if lag is None else f"{setting} (lag {lag})", *cells]
    columns = [
        words("cell", lambda c: c.label),
        both("Lyapunov", "exponent", two),
        both("λ", "decay_rate", two),
        both("radius", "radius", fixed),
        both("bound", "bound", fixed),
        both("time scale", "time_scale", two),
        both("log₁₀ grad.", "gradient_left", decades),
        both("log₁₀ pert.", "perturbation_left", kept),
        both("R²", "probe_r2", fixed),
    ]
    return build("inside", columns, rows, wide=True)


def two(x: float) -> str:
    """Write two digits."""
    return sig(x, 2)


def kept(log: float) -> str:
    """Write what is left of a perturbation; what is below the rounding is told as such."""
    return f"≤ {np.log10(LEAST):.0f}" if log <= np.log(LEAST) else decades(log)


def both(head: str, name: str, show) -> Column:
    """Show a number at init and trained; a dash where neither is known."""

    def arrow(cell: Inside) -> str:
        pair: Pair = cell.pair(name)
        return NONE if np.isnan(pair).all() else " → ".join(map(show, pair))

    def value(cell: Inside) -> Any:
        return cell.pair(name)[1]

    return Column(head, value, arrow, whole=True)
