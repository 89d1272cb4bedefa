"""Where one cell stands among those of an atlas: its neighbours on a task."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from longlag.records.atlas import Atlas, AtlasRow

NEAR = 2  # neighbours that are shown on each side


class Standing(NamedTuple):
    """One cell among the others on a task.

    Args:
        row: of the cell.
        above: that do better, the nearest last.
        beside: that do exactly as well.
        below: that do worse, the nearest first.
        undecided: whose place is not known yet.
    """

    row: AtlasRow
    above: list[AtlasRow]
    beside: list[AtlasRow]
    below: list[AtlasRow]
    undecided: list[AtlasRow]

    @property
    def near(self) -> list[AtlasRow]:
        """List the nearest on each side with the cell between them, the best first."""
        return [*self.above[-NEAR:], *self.beside[:NEAR], self.row, *self.below[:NEAR]]


def join(atlas: Atlas, own: Atlas) -> Atlas:
    """Add the cells of another atlas of the same tasks to one.

    Args:
        atlas: whose folder and titles it keeps.
        own: of other cells.
    """
    plans, starts = (atlas.study.plan, own.study.plan), (atlas.untrained, own.untrained)
    lists = ("stages", "chosen", "ladders", "failed")
    both = {name: [entry for plan in plans for entry in plan.get(name, ())] for name in lists}
    return Atlas(
        replace(
            atlas.study,
            runs=(*atlas.study.runs, *own.study.runs),
            plan={**atlas.study.plan, **both},
        ),
        replace(
            atlas.untrained,
            starts=[start for one in starts for start in one.starts],
            step_us=starts[0].step_us | starts[1].step_us,
        ),
        own.config_dir,
    )


def stand(rows: Sequence[AtlasRow], cell: str) -> Standing | None:
    """Place a cell among the rows of a task; None if it has no row there.

    A cell that is not decided stands where its records so far bring it.
    """
    own = next((row for row in rows if row.cell == cell), None)
    if own is None:
        return None
    others = sorted((r for r in rows if r is not own and r.decided), key=order)
    known = worth(own) if own.decided or own.value is not None else None
    return Standing(
        own,
        [] if known is None else [row for row in others if worth(row) > known],
        [] if known is None else [row for row in others if worth(row) == known],
        [] if known is None else [row for row in others if worth(row) < known],
        [row for row in rows if row is not own and not row.decided],
    )


def worth(row: AtlasRow) -> float:
    """Rate how well a cell does; the least there is where all of its runs diverged."""
    diverged = row.value is None and row.kind == "score"
    return float("-inf") if diverged else row.goodness


def order(row: AtlasRow) -> tuple[float, float]:
    """Order the best first, of equals the one with the cheapest step."""
    return -worth(row), float("inf") if row.step_us is None else row.step_us
