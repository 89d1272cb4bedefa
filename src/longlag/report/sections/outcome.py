"""Is the gradient why a run fails?  Decay rates against success, over every record."""

import numpy as np

from longlag.records.gradient_decay import Outcome, link
from longlag.records.seed_groups import Group
from longlag.report.document import Block, Picture, Points, Section, Table, Text
from longlag.report.figures.outcome import many
from longlag.report.figures.outcome import outcome as draw
from longlag.report.findings import exceptions, explained
from longlag.report.format import NONE, percent, ranged

FIRST = (
    " Of a stack it is the rate of the first layer: whatever an input changes, it changes in that "
    "layer's state first, and the gradient there holds all ways up through the layers above."
)


def outcome(settings: dict[str, list[Group]], found: list[Outcome]) -> Section | None:
    """Figure, correlations and the failures that the gradient does not explain."""
    if len(found) < 3:
        return None
    said = [s for s in [explained(found), *exceptions(found)] if s]
    deep = any(len({path.layer for path in o.row.paths}) > 1 for o in found)
    blocks: list[Block] = [
        Text(
            "Every run is one mark: how fast the gradient fades along the best path of its state "
            "(the part with the smallest decay rate), against what the run achieved. The rate at "
            "initialisation comes before the outcome; the rate after training is measured on the "
            "network that has, or has not, learnt, and may be its consequence as well as its cause."
            + (FIRST if deep else "")
        ),
        Picture(
            "outcome",
            "Decay rate of the best path against test skill (0: floor, 1: perfect) of "
            f"{len(found)} runs.",
            "Scatter of decay rate against skill, at initialisation on the left and after training "
            "on the right; colour tells the cell, shape the task.",
            draw(found),
            wide=many(found),
        ),
        links(settings, found),
    ]
    if said:
        blocks.append(Points(tuple(said)))
    return Section("outcome", "Is it the gradient?", tuple(blocks))


def links(settings: dict[str, list[Group]], found: list[Outcome]) -> Table:
    """For every task, and for all together."""
    parts = {s: [o for o in found if o.row.setting == s] for s in settings}
    rows = [link_row(setting, part) for setting, part in parts.items() if len(part) >= 3]
    for label in dict.fromkeys(o.row.label for o in found):
        own = [o for o in found if o.row.label == label]
        if len(parts) > 1 and len(own) >= 3:
            rows.append(link_row(f"{label}, all tasks", own))
    if len(rows) != 1:
        rows.append(link_row("all runs", found))
    return Table(
        "links",
        "Decay rate against outcome. rho: Spearman's rank correlation of the decay rate with the "
        "test score, turned so that more is better, with a bootstrap 95 % interval (negative: "
        "faster fading goes with a worse score). Told apart: the share of pairs of an unsolved "
        "and a solved run in which the unsolved one fades faster; 50 % is chance. Ranks and pairs "
        "are taken within each task: an easy task says nothing against a hard one.",
        (
            "runs of", "n", "solved", "rho at init", "told apart at init", "rho trained",
            "told apart trained",
        ),
        tuple(rows),
        wide=True,
    )  # fmt: skip


def link_row(name: str, found: list[Outcome]) -> tuple[str | None, ...]:
    """One row."""
    before, after = link(found, "initial"), link(found, "final")

    def rho(x) -> str:
        return NONE if np.isnan(x.value) else ranged(x, 2)

    return (
        name,
        str(after.runs),
        NONE if after.solved is None else str(after.solved),
        rho(before.rho),
        percent(before.told),
        rho(after.rho),
        percent(after.told),
    )
