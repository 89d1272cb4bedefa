"""Where a cell stands on each task of an atlas, as a table for a terminal."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from longlag.cli.probe_tables import NONE, plain_table
from longlag.records.atlas import Atlas, AtlasRow
from longlag.records.neighbours import Standing, stand
from longlag.report.format import listed, plural, sig

HEADS = ("cell", "", "95 % interval", "step (us)", "parameters", "state")
FEW = 6  # cells whose names are listed


def tables(atlas: Atlas, cell: str, tasks: Iterable[str]) -> Iterable[Table]:
    """Make a table for each task: the cell between its neighbours."""
    for task in tasks:
        standing = stand(atlas.tasks.get(task, []), cell)
        if standing is not None:
            yield neighbours(standing)


def neighbours(standing: Standing) -> Table:
    """Show the neighbours of a cell on one task, the best first, and the cell in bold."""
    own = standing.row
    name = "horizon (steps)" if own.kind == "horizon" else own.metric or "score"
    table = plain_table(f"{own.task}: {summary(standing)}", footnote(standing))
    for head in HEADS:
        table.add_column(head or name, justify="left" if head == "cell" else "right")
    for row in standing.near:
        table.add_row(*fields(row), style="bold" if row is own else "")
    return table


def fields(row: AtlasRow) -> tuple[Text | str, ...]:
    """Write what the table says of one cell."""
    return (
        Text(row.name),
        row.shown if row.decided else f"{row.shown}, undecided".removeprefix("?, "),
        interval(row),
        NONE if row.step_us is None else sig(row.step_us),
        NONE if row.parameters is None else str(row.parameters),
        NONE if row.state is None else str(row.state),
    )


def interval(row: AtlasRow) -> str:
    """Write the interval; an end beyond the ladder is left open."""
    if row.low is None and row.high is None:
        return NONE
    if row.low is None or row.high is None:
        return f"below {row.high:g}" if row.low is None else f"{sig(row.low)} or more"
    return f"{sig(row.low)} to {sig(row.high)}"


def summary(standing: Standing) -> str:
    """Count the cells that do better, as well and worse."""
    own = standing.row
    if not own.decided and own.value is None:
        return "undecided, and no bound is known yet"
    better, as_well, worse = (
        ("remember longer", "as long", "less long")
        if own.kind == "horizon"
        else ("do better", "as well", "worse")
    )
    counts = f"{len(standing.above)} {better}, {len(standing.beside)} {as_well}"
    said = f"{counts}, {len(standing.below)} {worse}"
    return said if own.decided else f"undecided; as far as it came, {said}"


def footnote(standing: Standing) -> str:
    """Name the cells that have no place yet."""
    names = [row.name for row in standing.undecided]
    shown = listed(names) if len(names) <= FEW else plural(len(names), "other cell")
    return f"undecided as yet: {shown}" if names else ""
