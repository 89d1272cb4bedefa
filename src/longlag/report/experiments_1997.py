"""The experiments of 1997 in one table: the paper's number of sequences, and ours in three ways."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from longlag.records.claim import FOLDER, Claim, read_claim
from longlag.records.claim_measures import sequences
from longlag.records.reader import holds_records, read_study
from longlag.records.run import Run
from longlag.report.document import Table
from longlag.report.format import NONE
from longlag.report.tables.columns import Column, build, words
from longlag.report.words import read_toml

KEY = "experiments-1997"
TESTED = 2560  # sequences, of which the paper counts the wrong ones
WAYS = ("ours", "full BPTT", "Adam")


class Arm(NamedTuple):
    """What the seeds of one experiment came to, trained in one way."""

    solved: int = 0
    seeds: int = 0
    sequences: float = math.nan  # median over seeds; infinite if half of them never solve it
    wrong: float = math.nan  # of 2560 test sequences, median over the seeds that solved it

    def shown(self) -> str:
        """Say how many seeds, and after how many sequences."""
        if not self.seeds:
            return NONE
        late = "not by half" if math.isinf(self.sequences) else f"{self.sequences:,.0f}"
        return f"{late} ({self.solved} of {self.seeds})"


class Experiment(NamedTuple):
    """A row: what was published, and what came out."""

    name: str
    published: float  # sequences
    trials: int
    arms: dict[str, Arm]


def experiments(results: Path) -> list[Experiment]:
    """Read every row out of the records, as far as they are there.

    Args:
        results: the folder of all studies.
    """
    return [experiment(row, results) for row in read_toml(f"{KEY}.toml")["row"]]


def experiment(row: dict[str, Any], results: Path) -> Experiment:
    """Read one row."""
    claim: Claim = read_claim(row["claim"])
    folder, where = results / FOLDER / claim.id, row.get("where", {})
    runs = read_study(folder).final if holds_records(folder) else ()
    own = [r for r in runs if all(r.setting(k) == v for k, v in where.items())]
    ways: dict[str, list[Run]] = {way: [] for way in WAYS}
    for run in own:
        ways[way_of(run)].append(run)
    found = {way: arm(its, row.get("window", 0)) for way, its in ways.items()}
    return Experiment(row["name"], float(claim.published[row["published"]]), row["trials"], found)


def way_of(run: Run) -> str:
    """Name the way in which a run was trained."""
    if run.setting("trainer.batch_size") != 1:
        return "Adam"
    return "ours" if run.setting("cell.truncated") else "full BPTT"


def arm(runs: Sequence[Run], window: int) -> Arm:
    """Summarise the seeds of one way; the sequences of the rule's own window are not counted."""
    if not runs:
        return Arm()
    on_line = runs[0].setting("trainer.stream") is not None
    needed = np.sort([sequences(run) - window * on_line for run in runs])
    right = [
        run.record.metrics.test.get("within", run.record.metrics.test.get("successors_first"))
        for run in runs
        if run.solved
    ]
    wrong = [round(TESTED * (1 - share)) for share in right if share is not None]
    return Arm(
        sum(bool(run.solved) for run in runs),
        len(runs),
        float(needed[(len(needed) - 1) // 2]),
        float(np.median(wrong)) if wrong else math.nan,
    )


def table(rows: Sequence[Experiment]) -> Table:
    """Make the table, theirs beside ours."""
    ways = [Column(way, lambda e, way=way: e.arms[way].shown(), str) for way in WAYS]
    wrong = Column(f"wrong of {TESTED:,}", lambda e: e.arms["ours"].wrong, whole)
    columns = [
        words("experiment", lambda e: e.name),
        Column("paper", lambda e: e.published, whole),
        Column("trials", lambda e: e.trials, str),
        *ways,
        wrong,
    ]
    return build(KEY, columns, rows, wide=True)


def whole(number: float) -> str:
    """Write a whole number; a dash where there is none."""
    return NONE if math.isnan(number) else f"{number:,.0f}"
