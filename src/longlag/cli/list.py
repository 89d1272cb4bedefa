"""`longlag list`: what there is in each group, with one line and the source."""

import argparse

from rich.console import Console
from rich.table import Table
from rich.text import Text

from longlag.errors import LonglagError, did_you_mean
from longlag.runs.config import folder
from longlag.runs.headers import read_header

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
                f"unknown kind {word!r}{did_you_mean(word, list(plural))}; allowed: {allowed}"
            )
        chosen.append(plural.get(word, word))
    places = [folder(), *([arguments.config_dir] if arguments.config_dir else [])]
    console = Console(highlight=False)
    for group in chosen or GROUPS:
        table = Table(title=PLURAL.get(group, f"{group}s"), title_justify="left", box=None)
        for column in (f"{group}=", "what it is", "source"):
            table.add_column(column, overflow="fold")
        for path in sorted(p for place in places for p in (place / group).glob("*.yaml")):
            found = read_header(path)
            what = Text(found.gloss)
            if found.equation:
                what.append(f"\n{found.equation}", style="dim")
            table.add_row(path.stem, what, found.source)
        console.print(table, end="\n\n")
    return 0
