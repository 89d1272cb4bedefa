"""Shortcuts into a report: its document, tables and words by key."""

from pathlib import Path

from longlag.records.reader import read_study
from longlag.report.compose import compose
from longlag.report.document import Block, Document, Points, Table, Text
from longlag.report.view import View


def document(study: Path) -> Document:
    """The whole report."""
    return compose(read_study(study))


def view(study: Path) -> View:
    """What it reads."""
    return View(read_study(study))


def blocks(found: Document) -> list[Block]:
    """Every block of the paper and the supplement."""
    return [b for section in (*found.paper, *found.supplement) for b in section.blocks]


def words(found: Document) -> str:
    """Its running text."""
    texts = [b.text for b in blocks(found) if isinstance(b, Text)]
    points = [item for b in blocks(found) if isinstance(b, Points) for item in b.items]
    return " ".join([*found.findings, *texts, *points])


def rows(table: Table) -> dict[str, list[str]]:
    """The cells of a table as text by their first column."""
    return {row.cells[0].text: [c.text for c in row.cells[1:]] for row in table.rows if row.cells}
