"""`longlag verify STUDY`: run sampled records again, and say how near the numbers come."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from longlag.cli.find import find_run, find_study, take_options
from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.records.reader import read_run, read_study
from longlag.records.run import Run

OUT = console()
STYLES = {"different": "red", "within tolerance": "yellow", "identical": "green"}


def run(arguments: argparse.Namespace) -> int:
    """Repeat runs and print each metric of both; 1 if one of them is different."""
    words, options = take_options(arguments.words, "results", "tolerance")
    if len(words) != 1:
        raise LonglagError(
            "give one study or run: longlag verify results/<study>, study=<study> or a run's id; "
            "--sample 5 or --all; tolerance=0.01; results=FOLDER"
        )
    results = Path(options.get("results", "results"))
    tolerance = read_tolerance(options.get("tolerance", "0.01"))
    chosen = choose(words[0], results, None if arguments.all else arguments.sample)
    from longlag.records.repetition import compare_records, origin, worst
    from longlag.runs.repeat import repeat_run

    counts: Counter[str] = Counter()
    for old in chosen:
        new = repeat_run(old, arguments.config_dir)
        pairs = compare_records(old.record, new, tolerance)
        counts[worst(pairs)] += 1
        OUT.print(f"{old.id}: {worst(pairs)}", style=STYLES[worst(pairs)])
        if new.id != old.id:
            OUT.print(
                "  its cell, task or code has another version now: other numbers may be right"
            )
        OUT.print(f"  recorded: {origin(old.record)}\n  again:    {origin(new)}")
        table = Table("metric", "recorded", "again", "", box=None, padding=(0, 2))
        for pair in pairs:
            table.add_row(pair.metric, f"{pair.recorded:.9g}", f"{pair.again:.9g}", pair.verdict)
        OUT.print(table)
    said = ", ".join(f"{counts[name]} {name}" for name in reversed(STYLES) if counts[name])
    OUT.print(f"{len(chosen)} runs trained again: {said}")
    return 1 if counts["different"] else 0


def read_tolerance(text: str) -> float:
    """Read a share.

    Raises:
        LonglagError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise LonglagError(f"tolerance must be a share from 0 to below 1, not {text}")
    return value


def choose(word: str, results: Path, count: int | None) -> Sequence[Run]:
    """Give the run that is asked for, or some of a study: the same ones at every call.

    Args:
        word: a run or a study.
        results: the folder of all studies.
        count: how many; None: all.

    Raises:
        LonglagError: there is no such thing, or a count below 1.
    """
    if count is not None and count < 1:
        raise LonglagError(f"--sample must be at least 1, not {count}")
    study = find_study(word, results)
    if study is None:
        return [read_run(find_run(word, results))]
    runs = read_study(study).runs
    if count is None or count >= len(runs):
        return runs
    picked = np.random.default_rng(0).choice(len(runs), count, replace=False)
    return [runs[k] for k in sorted(picked)]
