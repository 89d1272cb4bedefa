"""The runs that a report looks into: of every cell on every task the one with the median score."""

from pathlib import Path
from typing import NamedTuple

from longlag.records.reader import read_study
from longlag.records.seed_groups import study_groups


class Median(NamedTuple):
    """The run with the median score of one cell and task."""

    name: str  # RNN on adding, T = 100
    folder: Path
    command: str  # that trains it
    readable: bool  # one way and by a recurrence; else there is nothing to examine
    examined: bool  # and what was found can be read

    @property
    def bare(self) -> bool:
        """Tell whether its weights were not kept."""
        return not (self.folder / "weights.pt").is_file()

    @property
    def due(self) -> bool:
        """Tell whether it can be examined and was not."""
        return self.readable and not (self.bare or self.examined)


def medians(study: Path) -> list[Median]:
    """List the median runs of a study's folder, in the order of its report."""
    found = []
    for g in study_groups(read_study(study)):
        run = g.typical
        readable = run.ways == 1 and run.record.model.cells > 0
        name = f"{g.label} on {g.setting}"
        found.append(Median(name, run.folder, run.command, readable, bool(run.laboratory)))
    return found
