"""One spec for every table: a column has a head, a value of a row, and how it is shown."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from longlag.report.document import Cell, Row, Table
from longlag.report.format import NONE, sig
from longlag.stats import Interval

LONG = 40  # letters that stand on one line in any table


class Column(NamedTuple):
    """One column of a table.

    Args:
        head: its name.
        value: of a row: a number, an interval or a word; what is sorted and exported.
        show: the value as text; of a row itself where `whole`.
        left: words stand at the left, numbers at the right.
        whole: whether `show` takes the row and not the value.
        link: of a row, where HTML leads from its cell.
    """

    head: str
    value: Callable[[Any], Any]
    show: Callable[[Any], str] = sig
    left: bool = False
    whole: bool = False
    link: Callable[[Any], str] | None = None


def words(head: str, value: Callable[[Any], str], link: Callable[[Any], str] | None = None):
    """Make a column of words."""
    return Column(head, value, str, left=True, link=link)


def build(key: str, columns: Sequence[Column], rows: Iterable[Any], wide: bool = False) -> Table:
    """Make a table of rows; a column that no row fills is left out.

    Args:
        key: by which templates find the table.
        columns: from the left.
        rows: what the columns read; a string is a heading over the rows below it.
        wide: over both columns of the paper.
    """
    found = [row if isinstance(row, str) else [cell(c, row) for c in columns] for row in rows]
    lines = [row for row in found if not isinstance(row, str)]
    filled = [i for i in range(len(columns)) if any(line[i].text != NONE for line in lines)]
    return Table(
        key,
        tuple(columns[i].head for i in filled),
        tuple(
            Row(heading=row) if isinstance(row, str) else Row(tuple(row[i] for i in filled))
            for row in found
        ),
        "".join(aligned(columns[i], [line[i].text for line in lines]) for i in filled),
        wide=wide,
    )


def aligned(column: Column, texts: Iterable[str]) -> str:
    """Return the letter of a column: p where its longest words ask for lines of their own."""
    if not column.left:
        return "r"
    return "p" if max(map(len, texts), default=0) > LONG else "l"


def cell(column: Column, row: Any) -> Cell:
    """Make one cell: its text, and its value in full for sorting and export."""
    value = column.value(row)
    text = column.show(row if column.whole else value)
    if isinstance(value, Interval):
        value = f"{value.low:.6g} to {value.high:.6g}" if value.low == value.low else ""
    value = "" if value != value else value  # NaN
    return Cell(text, value, column.link(row) if column.link else "")
