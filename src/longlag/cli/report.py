"""`longlag report study=NAME`: write the pages of a study again from its records."""

import argparse
from pathlib import Path

from longlag.errors import LonglagError, look_for
from longlag.runs.config import resolve


def run(arguments: argparse.Namespace) -> int:
    """Write and name the pages."""
    config = resolve(arguments.words, arguments.config_dir)
    if arguments.compare:
        from longlag.cli.compare import compare

        return compare(*arguments.compare, results=Path(config.values.results))
    look_for("matplotlib", "jinja2", "typst")
    name = config.names.get("study") or "single"
    folder = Path(config.values.results) / name
    if not folder.is_dir():
        raise LonglagError(
            f"there are no records in {folder}; run `longlag bench study={name} "
            f"results={folder.parent}` first"
        )
    from longlag.report import build

    for path in build(folder):
        print(path)
    return 0
