"""What a step of each cell costs: the numbers of results/speed/speed.json, beside the studies.

`make speed` writes that file.  Times are CPU time, forward and backward.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from longlag.records.record import Json, in_one_line

PLACE = Path("speed", "speed.json")  # below the folder of the studies
log = logging.getLogger("longlag")


class Size(NamedTuple):
    """Sequences at once, and units; the input is as wide as the state."""

    batch: int
    hidden: int

    def __str__(self) -> str:
        """Print it for people: B times H."""
        return f"{self.batch}\N{MULTIPLICATION SIGN}{self.hidden}"


@dataclass(frozen=True)
class Cost:
    """One cell at one size.

    Args:
        cell: the name of its class.
        batch: B, sequences at once.
        hidden: H, units.
        microseconds: a step by what computed it: loop, compiled, ..., torch.nn.
        auto: the backend that a user gets who asks for none.
    """

    cell: str
    batch: int
    hidden: int
    microseconds: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    auto: str

    @property
    def size(self) -> Size:
        """Return B and H together."""
        return Size(self.batch, self.hidden)

    def over(self, other: str) -> float | None:
        """Divide our time by another's: below 1, ours is faster; None if either was not timed."""
        ours, theirs = self.microseconds.get(self.auto), self.microseconds.get(other)
        return None if ours is None or theirs is None else ours / theirs


@dataclass(frozen=True)
class Origin:
    """Versions, git and machine, as a record has them."""

    versions: Json
    git: Json
    machine: Json


@dataclass(frozen=True)
class Costs:
    """A whole file.

    Args:
        speed: a row a cell and size.
        steps: T of every pass.
        turns: passes of which a figure is the median.
        machine: where they were measured, and with what.
    """

    speed: Annotated[tuple[Cost, ...], Field(min_length=1)]
    steps: int
    turns: int
    machine: Origin

    @property
    def sizes(self) -> list[Size]:
        """List the sizes, the smallest first."""
        return sorted(
            {row.size for row in self.speed}, key=lambda size: (size.batch * size.hidden, size)
        )

    @property
    def cells(self) -> list[str]:
        """List the cells by name."""
        return sorted({row.cell for row in self.speed}, key=str.lower)

    def ratios(self, other: str, size: Size, cells: Iterable[str] | None = None) -> list[float]:
        """Divide our times by another's at one size, for all cells or some that have both."""
        chosen = set(self.cells if cells is None else cells)
        found = (r.over(other) for r in self.speed if r.size == size and r.cell in chosen)
        return [ratio for ratio in found if ratio is not None]


def read_costs(results: Path) -> Costs | None:
    """Read the costs below the folder of the studies; None if there are none, or they are damaged.

    Of a damaged file a warning tells.
    """
    path = results / PLACE
    if not path.exists():
        return None
    try:
        return TypeAdapter(Costs).validate_json(path.read_bytes())
    except (ValueError, OSError) as error:
        reason = in_one_line(error) if isinstance(error, ValidationError) else error
        log.warning("%s is damaged and left out of the report (%s): run `make speed`", path, reason)
        return None


def middle(values: Iterable[float]) -> float:
    """Take the median; NaN of nothing."""
    known = list(values)
    return median(known) if known else float("nan")
