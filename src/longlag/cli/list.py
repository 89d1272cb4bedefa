"""`longlag list`: what there is in each group, with one line and the source."""

import argparse
from pathlib import Path

from rich.table import Table
from rich.text import Text

from longlag.cli.find import take_options
from longlag.cli.terminal import console
from longlag.errors import LonglagError, did_you_mean
from longlag.records.headers import folder, read_header

GROUPS = (
    "cell",
    "task",
    "study",
    "claim",
    "optim",
    "model",
    "trainer",
    "probe",
    "logger",
    "executor",
)
PLURAL = {"study": "studies", "optim": "optimisers"}


def run(arguments: argparse.Namespace) -> int:
    """Print a table a group, or the recorded runs."""
    words, options = take_options(arguments.words, "results")
    if words == ["runs"]:
        return list_runs(Path(options.get("results", "results")))
    plural = {PLURAL.get(group, f"{group}s"): group for group in GROUPS}
    chosen = []
    for word in words:
        if word not in plural and word not in GROUPS:
            allowed = ", ".join([*plural, "runs"])
            raise LonglagError(
                f"unknown kind {word!r}{did_you_mean(word, list(plural))}; allowed: {allowed}"
            )
        chosen.append(plural.get(word, word))
    places = [folder(), *([arguments.config_dir] if arguments.config_dir else [])]
    out = console(soft_wrap=False)
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
        out.print(table, end="\n\n")
    return 0


def list_runs(results: Path) -> int:
    """Print a line for each recorded run of every study."""
    from longlag.records.reader import read_study

    table = Table(box=None)
    for column in ("study", "run", "status", "metric", "test"):
        table.add_column(column, no_wrap=True)
    for study in sorted(path for path in results.glob("*/") if path.is_dir()):
        try:
            runs = read_study(study).runs
        except LonglagError:  # no records in it
            continue
        for run in runs:
            table.add_row(study.name, run.id, run.status, run.metric, f"{run.score():.4g}")
    if not table.row_count:
        print(f"no runs below {results}; give results=FOLDER for another place")
        return 0
    console().print(table)
    return 0
