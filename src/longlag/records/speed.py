"""What a step of each cell costs: the numbers of results/speed/speed.json, beside the studies.

`make speed` writes that file.  Times are CPU time, forward and backward.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from longlag.records.reader import read_json
from longlag.records.record import Json

TIMES = "\N{MULTIPLICATION SIGN}"
PLACE = Path("speed", "speed.json")  # below the folder of the studies
PEERS = ("torch.nn", "torchrecurrent")
log = logging.getLogger("longlag")


class Size(NamedTuple):
    """Sequences at once, and units; the input is as wide as the state."""

    batch: int
    hidden: int

    def __str__(self) -> str:
        """For people: B times H."""
        return f"{self.batch}{TIMES}{self.hidden}"


@dataclass(frozen=True)
class Cost:
    """One cell at one size.

    Args:
        cell: the name of its class.
        size: B, H.
        times: microseconds a step by what computed it: loop, compiled, ..., torch.nn.
        auto: the backend that a user gets who asks for none.
    """

    cell: str
    size: Size
    times: dict[str, float]
    auto: str

    @property
    def time(self) -> float | None:
        """Of the backend `auto`; None if that was not timed."""
        return self.times.get(self.auto)

    def over(self, other: str) -> float | None:
        """That time over another's: below 1, ours is faster; None if either was not timed."""
        return (
            None if self.time is None or other not in self.times else self.time / self.times[other]
        )


@dataclass(frozen=True)
class Costs:
    """A whole file.

    Args:
        rows: one a cell and size.
        steps: T of every pass.
        turns: passes of which a figure is the median.
        origin: versions, git and machine, as a record has them.
    """

    rows: tuple[Cost, ...]
    steps: int
    turns: int
    origin: Json

    @property
    def sizes(self) -> list[Size]:
        """The smallest first."""
        return sorted(
            {row.size for row in self.rows}, key=lambda size: (size.batch * size.hidden, size)
        )

    @property
    def cells(self) -> list[str]:
        """By name."""
        return sorted({row.cell for row in self.rows}, key=str.lower)

    def beside(self, peer: str) -> list[str]:
        """The cells that another package has too."""
        return [c for c in self.cells if any(r.cell == c and peer in r.times for r in self.rows)]

    def at(self, cell: str, size: Size) -> Cost | None:
        """One cell at one size; None if that was not timed."""
        return next((row for row in self.rows if (row.cell, row.size) == (cell, size)), None)

    def ratios(self, other: str, size: Size, cells: Iterable[str] | None = None) -> list[float]:
        """Ours over another's at one size, of every cell or of some of them, where there is one."""
        chosen = set(self.cells if cells is None else cells)
        found = (r.over(other) for r in self.rows if r.size == size and r.cell in chosen)
        return [ratio for ratio in found if ratio is not None]


def read_costs(results: Path) -> Costs | None:
    """The costs below the folder of the studies; None, with a warning if it is damaged, without."""
    path = results / PLACE
    if not path.exists():
        return None
    try:
        return costs(read_json(path))
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        log.warning("%s is damaged and left out of the report (%r): run `make speed`", path, error)
        return None


def costs(found: Json) -> Costs:
    """The costs that a file holds.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not of that form.
    """
    origin = found["machine"]
    if not all(isinstance(origin[part], dict) for part in ("versions", "git", "machine")):
        raise TypeError("versions, git and machine must be objects")
    rows = tuple(cost(row) for row in found["speed"])
    if not rows:
        raise ValueError("no cell was timed")
    return Costs(rows, int(found["steps"]), int(found["turns"]), origin)


def cost(row: dict[str, Any]) -> Cost:
    """One of its rows."""
    times = {str(name): float(time) for name, time in row["microseconds"].items()}
    if not all(0 < time < float("inf") for time in times.values()):
        raise ValueError(f"a time of {row['cell']} is not a positive number")
    return Cost(
        str(row["cell"]), Size(int(row["batch"]), int(row["hidden"])), times, str(row["auto"])
    )


def middle(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    known = list(values)
    return median(known) if known else float("nan")
