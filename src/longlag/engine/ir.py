"""What one step computes: matrix products and normalisations, and pointwise expressions between.

What depends on the weights alone is set apart and computed once, before the time loop.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import fx


class Expr(NamedTuple):
    """One value per column j: an operation on others, a number, or a column of a buffer."""

    op: str  # of pointwise.OPS, "number" or "load"
    args: tuple[Any, ...] = ()  # Exprs; (value,); (buffer, offset, whether one column serves all)


class Root(NamedTuple):
    """An expression that has to be written down: `width` columns of `buffer` from `offset`."""

    expr: Expr
    buffer: str
    offset: int
    width: int


@dataclass
class Stage:
    """What takes whole rows of a buffer X (B,k) to rows of another, M (B,n)."""

    index: int
    k: int
    n: int
    x: str = field(default="", kw_only=True)  # the buffer that holds X
    roots: list[Root] = field(default_factory=list, kw_only=True)  # what fills it, if it must be
    level: int = field(default=0, kw_only=True)  # stages that must come before
    column: int | None = field(default=None, kw_only=True)  # where it is added to u

    @property
    def buffer(self) -> str:
        """Where M is kept."""
        return f"m{self.index}"


@dataclass
class Product(Stage):
    """M = X W, with W (k,n) the fixed value number `weight`."""

    weight: int


@dataclass
class Norm(Stage):
    """M = (X - mean) / sqrt(variance + eps), over each row."""

    eps: float


@dataclass
class Program:
    """The whole of it."""

    widths: dict[str, int]  # columns of each buffer: u, s0, s1, .., m0, .., x0, ..
    fixed: fx.GraphModule  # parameters and buffers -> values that do not change with time
    names: list[str]  # of those parameters and buffers
    stages: list[Stage]
    states: list[Root]

    @property
    def products(self) -> list[Product]:
        """The stages that have a weight."""
        return [stage for stage in self.stages if isinstance(stage, Product)]
