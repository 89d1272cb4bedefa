"""`longlag claims`: the verdicts on published claims, as a page, a paper, tables and BibTeX."""

import argparse
from pathlib import Path

from longlag.cli.find import take_options
from longlag.errors import LonglagError, look_for


def run(arguments: argparse.Namespace) -> int:
    """Judge every claim by the records, write and name the files."""
    words, options = take_options(arguments.words, "results")
    if words:
        raise LonglagError(
            f"longlag claims takes results=FOLDER alone, not {words[0]!r}; one claim is run by "
            "`longlag bench claim=ID`, and `longlag list claims` shows them"
        )
    look_for("matplotlib", "jinja2", "typst")
    from longlag.records.claim import FOLDER, judge_all
    from longlag.report.claims import write_claims

    results = Path(options.get("results", "results"))
    verdicts = judge_all(results, arguments.config_dir)
    if not any(found.runs for found in verdicts):
        raise LonglagError(f"no claim is run in {results / FOLDER}; run `longlag bench claim=ID`")
    for path in write_claims(verdicts, results / FOLDER):
        print(path)
    return 0
