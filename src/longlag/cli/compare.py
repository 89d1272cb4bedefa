"""`longlag compare A B`: what differs between two studies by more than noise."""

import argparse
from pathlib import Path

from rich.table import Table

from longlag.cli.find import find_study, take_options
from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.records.reader import read_study

OUT = console()
WIDE = 160  # letters of a line that goes to a file


def run(arguments: argparse.Namespace) -> int:
    """Compare the two studies that are named."""
    words, options = take_options(arguments.words, "results")
    if len(words) != 2:
        raise LonglagError(
            "give two studies: longlag compare results/<study> other/<study>, or study=<study>; "
            "results=FOLDER: where study=<study> lies"
        )
    return compare(*words, results=Path(options.get("results", "results")))


def compare(first: str, second: str, results: Path) -> int:
    """Print a row for each cell and task that both studies have.

    Raises:
        LonglagError: one of them is no study, or they share nothing.
    """
    from longlag.records.comparison import LEVEL, compare_studies, unmatched
    from longlag.report.format import NONE, sig

    folders = [find_study(word, results) for word in (first, second)]
    if None in folders:
        word = (first, second)[folders.index(None)]
        raise LonglagError(f"{word} is no study with records: give results/<study>")
    a, b = (read_study(folder) for folder in folders if folder)
    rows = compare_studies(a, b)
    if not rows:
        raise LonglagError(f"{first} and {second} share no cell on any task")
    table = Table(box=None)
    for head in ("cell", "task", "metric", "A", "B", "B - A", "95 % interval", "seeds", "p", ""):
        table.add_column(head)
    for row in rows:
        value, low, high = row.difference
        said = "the same" if row.identical else ""
        said = ("B is better" if row.better else "A is better") if row.marked else said
        table.add_row(
            *(row.a.label, row.a.setting, row.a.metric, sig(row.a.score.value)),
            *(
                sig(row.b.score.value),
                sig(value),
                NONE if low != low else f"{sig(low)} to {sig(high)}",
            ),
            *(str(row.seeds), sig(row.p), said),
            style="bold" if row.marked else None,
        )
    OUT.print(f"A: {a.folder}\nB: {b.folder}")
    if not OUT.is_terminal:
        OUT.width = WIDE
    OUT.print(table)
    for line in unmatched(a, b):
        OUT.print(line, style="dim")
    marked = sum(row.marked for row in rows)
    OUT.print(
        f"{marked} of {len(rows)} rows differ by more than noise: a paired t-test over seeds, "
        f"adjusted by Holm, at {LEVEL:.0%}"
    )
    return 0
