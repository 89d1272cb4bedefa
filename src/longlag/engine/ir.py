"""What one step computes: matrix products, sums over units, and pointwise expressions between.

What depends on the weights alone is set apart and computed once, before the time loop.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from torch import fx


class Kind(Enum):
    """What a buffer holds."""

    INPUT = "u, the projected input"
    SUM = "u plus the products that are only ever added to it"
    STATE = "a part of the state, from before the first step on"
    PRODUCT = "a matrix product"
    VALUES = "values that a product reads, or that stand side by side"
    REDUCED = "a sum or maximum over units"
    FIXED = "a value of the weights alone"


@dataclass(frozen=True, eq=False)
class Buffer:
    """Numbers by row and column: a row for each sequence, of each step if it is over time."""

    kind: Kind
    name: str  # in the C: that of the equation where there is one
    width: int  # columns

    @property
    def over_time(self) -> bool:
        """Tell whether there are rows for each step; a fixed value has one row for all."""
        return self.kind is not Kind.FIXED

    @property
    def gradient_over_time(self) -> bool:
        """Tell whether the gradient of every step is kept; else one step's buffer is used anew."""
        return self.kind in (Kind.INPUT, Kind.PRODUCT)


class Column(NamedTuple):
    """The column `start + sum of strides[i] * (index on axis i)` of a buffer."""

    start: int
    strides: tuple[int, ...]


WHOLE = Column(0, ())


@dataclass(frozen=True, eq=False)
class Expr:
    """One number for each index: an operation on others, a number, or a column of a buffer."""

    op: str  # of pointwise.OPERATIONS, "number" or "load"
    args: tuple["Expr", ...] = ()
    number: float = 0.0
    buffer: Buffer | None = None  # of a load
    column: Column = WHOLE  # of a load

    def __add__(self, other: "Expr | float | int") -> "Expr":
        """Return the sum."""
        return Expr("add", (self, as_expression(other)))

    def __sub__(self, other: "Expr | float | int") -> "Expr":
        """Return the difference."""
        return Expr("sub", (self, as_expression(other)))

    def __mul__(self, other: "Expr | float | int") -> "Expr":
        """Return the product."""
        return Expr("mul", (self, as_expression(other)))

    def __truediv__(self, other: "Expr | float | int") -> "Expr":
        """Return the quotient."""
        return Expr("div", (self, as_expression(other)))

    def __neg__(self) -> "Expr":
        """Return the negative."""
        return Expr("neg", (self,))


def as_expression(value: Expr | float | int) -> Expr:
    """Return `value` as an expression."""
    return value if isinstance(value, Expr) else Expr("number", number=float(value))


class Root(NamedTuple):
    """An expression that is written down, at every index of `axes`, to `column` of `buffer`."""

    expr: Expr
    buffer: Buffer
    axes: tuple[int, ...]  # their sizes, outermost first
    column: Column


@dataclass(eq=False)
class Stage:
    """What fills a buffer; it reads those of lower levels only."""

    buffer: Buffer
    level: int


@dataclass(eq=False)
class Product(Stage):
    """M = X W, on `rows` rows of each sequence."""

    x: Buffer
    weight: Buffer  # W (k,n)
    k: int
    n: int
    rows: int = 1
    turned: bool = False  # W is given as (n,k)
    column: int | None = field(default=None, kw_only=True)  # where in u it is accumulated


@dataclass(eq=False)
class Values(Stage):
    """Pointwise expressions, written down side by side."""

    roots: list[Root]


@dataclass(eq=False)
class Reduction(Stage):
    """The sum or maximum of `root.expr` over the last `over` of its axes."""

    op: str  # sum or max; a maximum is a constant for the gradient
    root: Root  # its column has the axes that are kept
    over: int


@dataclass
class Program:
    """All that one step computes."""

    u: Buffer
    states: list[Root]  # what is written to each part of the state
    stages: list[Any]  # Product, Values and Reduction, by level
    fixed: list[Buffer]  # in the order in which `compute_fixed` gives them
    compute_fixed: fx.GraphModule  # parameters and buffers -> values that do not change with time
    weights: list[str]  # names of those parameters and buffers

    @property
    def given(self) -> list[Buffer]:
        """Return what a run is given: u, the parts of the first state, and the fixed values."""
        return [self.u, *(root.buffer for root in self.states), *self.fixed]

    @property
    def products(self) -> list[Product]:
        """Return the matrix products."""
        return [stage for stage in self.stages if isinstance(stage, Product)]

    @property
    def roots(self) -> list[Root]:
        """Return every expression that is written down or reduced."""
        found = list(self.states)
        for stage in self.stages:
            found += stage.roots if isinstance(stage, Values) else []
            found += [stage.root] if isinstance(stage, Reduction) else []
        return found

    def levels(self) -> list[list[Any]]:
        """Return the stages that can be taken together, in order."""
        top = max((stage.level for stage in self.stages), default=-1)
        return [[s for s in self.stages if s.level == i] for i in range(top + 1)]


def topological(roots: list[Expr]) -> list[Expr]:
    """Return every expression under `roots` once, arguments first."""
    order: dict[Expr, None] = {}
    ahead = [(root, False) for root in reversed(roots)]
    while ahead:
        expr, ready = ahead.pop()
        if expr in order:
            continue
        if ready:
            order[expr] = None
        else:
            ahead.append((expr, True))
            ahead += [(arg, False) for arg in reversed(expr.args)]
    return list(order)


def loaded(exprs: list[Expr]) -> set[Buffer | None]:
    """Return every buffer that expressions read; None stands for those that read nothing."""
    return {expr.buffer for expr in topological(exprs)}
