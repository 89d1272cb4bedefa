"""`longlag list`: what there is in each group, with one line and the source."""

import argparse
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from longlag.errors import LonglagError
from longlag.runs.config import folder, meant

GROUPS = ("cell", "task", "study", "optim", "model", "trainer", "probe", "logger")
PLURAL = {"study": "studies", "optim": "optimisers"}


def run(arguments: argparse.Namespace) -> int:
    """Print a table a group."""
    plural = {PLURAL.get(group, f"{group}s"): group for group in GROUPS}
    chosen = []
    for word in arguments.words:
        if word not in plural and word not in GROUPS:
            allowed = ", ".join(plural)
            raise LonglagError(
                f"unknown kind {word!r}{meant(word, list(plural))}; allowed: {allowed}"
            )
        chosen.append(plural.get(word, word))
    places = [folder(), *([arguments.config_dir] if arguments.config_dir else [])]
    console = Console(highlight=False)
    for group in chosen or GROUPS:
        table = Table(title=PLURAL.get(group, f"{group}s"), title_justify="left", box=None)
        for column in (f"{group}=", "what it is", "source"):
            table.add_column(column, overflow="fold")
        for path in sorted(p for place in places for p in (place / group).glob("*.yaml")):
            found = about(path)
            what = Text(found.gloss)
            if found.equation:
                what.append(f"\n{found.equation}", style="dim")
            table.add_row(path.stem, what, found.source)
        console.print(table, end="\n\n")
    return 0


class Entry(NamedTuple):
    """What the comments of a yaml say, up to its first setting."""

    gloss: str
    equation: str
    source: str


def about(path: Path) -> Entry:
    """The first comment without a label, `# equation: ...` and `# source: ...`."""
    labels, gloss = {"equation": "", "source": ""}, ""
    for line in path.read_text().splitlines():
        if not line.startswith("# "):
            break
        label, colon, rest = line[2:].partition(": ")
        if colon and label in labels:
            labels[label] = rest
        else:
            gloss = gloss or line[2:]
    return Entry(gloss, **labels)
