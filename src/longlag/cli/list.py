"""`longlag list`: what there is in each group, with one line and the source."""

import argparse
import re
from pathlib import Path

from rich.console import Console
from rich.table import Table

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
            gloss, source = about(path)
            table.add_row(path.stem, gloss, source)
        console.print(table, end="\n\n")
    return 0


def about(path: Path) -> tuple[str, str]:
    """The gloss and the source that a yaml's first comments give."""
    comments = re.findall(r"^# (.*)$", path.read_text(), re.MULTILINE)
    source = next((c.removeprefix("source: ") for c in comments if c.startswith("source: ")), "")
    return next((c for c in comments if ": " not in c[:12]), ""), source
