"""Is the gradient why a run fails?  Decay rates against success, over every record."""

from longlag.records.gradient_decay import Link, Outcome, link
from longlag.records.seed_groups import Group
from longlag.report.document import Block, Picture, Points, Section, Table, Text
from longlag.report.figures.outcome import many
from longlag.report.figures.outcome import outcome as draw
from longlag.report.findings import exceptions, explained
from longlag.report.format import NONE, percent, sig
from longlag.stats import holm

WHEN = ("initial", "final")
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
    """For every task, and for all together; the p-values are adjusted over the whole table."""
    parts = {s: [o for o in found if o.row.setting == s] for s in settings}
    rows = {setting: part for setting, part in parts.items() if len(part) >= 3}
    for label in dict.fromkeys(o.row.label for o in found):
        own = [o for o in found if o.row.label == label]
        if len(parts) > 1 and len(own) >= 3:
            rows[f"{label}, all tasks"] = own
    if len(rows) != 1:
        rows["all runs"] = found
    known = {name: [link(part, when) for when in WHEN] for name, part in rows.items()}
    p = holm([k.rank.p for pair in known.values() for k in pair])
    return Table(
        "links",
        "Decay rate against outcome. rho: Spearman's rank correlation of the decay rate with the "
        "test score, turned so that more is better (negative: faster fading goes with a worse "
        "score); p: of a permutation test, adjusted by Holm over the whole table. AUC: the share "
        "of pairs of an unsolved and a solved run in which the unsolved one fades faster, and the "
        "number of these pairs; 50 % is chance. Ranks, permutations and pairs are taken within "
        "each task: an easy task says nothing against a hard one.",
        (
            "runs of", "n", "solved", "pairs", "rho at init", "p", "AUC at init", "rho trained",
            "p", "AUC trained",
        ),
        tuple(
            link_row(name, before, after, p[2 * i], p[2 * i + 1])
            for i, (name, (before, after)) in enumerate(known.items())
        ),
        wide=True,
    )  # fmt: skip


def link_row(
    name: str, before: Link, after: Link, p_before: float, p_after: float
) -> tuple[str | None, ...]:
    """One row."""
    cells = [name, str(after.runs), NONE if after.solved is None else str(after.solved)]
    cells.append(str(after.pairs) if after.pairs else NONE)
    for part, p in ((before, p_before), (after, p_after)):
        cells += [sig(part.rank.rho, 2), sig(p, 2), percent(part.auc)]
    return tuple(cells)
