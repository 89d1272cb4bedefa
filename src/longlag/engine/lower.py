"""From torch's operations on tensors to expressions of single numbers, stage by stage."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx

from longlag.engine import views
from longlag.engine.c_compiler import CannotCompile
from longlag.engine.index import Index, along_axis, flat_index
from longlag.engine.ir import (
    Buffer,
    Column,
    Expr,
    Kind,
    Product,
    Program,
    Reduction,
    Root,
    Values,
    as_expression,
    loaded,
)
from longlag.engine.pointwise import FUNCTIONS, TORCH
from longlag.engine.reductions import REDUCTIONS
from longlag.engine.trace import BATCH, StepGraph, operation_name, shape_of

FILLED = {"zeros_like": 0.0, "ones_like": 1.0, "new_zeros": 0.0, "new_ones": 1.0}
FILLED |= {"zeros": 0.0, "ones": 1.0}
GIVEN = ("full", "full_like", "new_full")  # filled with their last argument


# What the C uses itself.
RESERVED = {"T", "B", "S", "R", "V", "b", "t", "r", "p", "n", "u_plus", "unit", "rows", "total"}
RESERVED |= {"swap", "panels", "product", "outer", "strip", "tiles", "if", "for", "do", "int"}
RESERVED |= {"long", "char", "float", "double", "const", "static", "void", "return", "free"}
RESERVED |= {f"{name}{suffix}" for name in FUNCTIONS for suffix in ("", "f")}
PREFIXES = ("g_", "d_", "direct_", "before_", "panels_", *"0123456789")


class Position(NamedTuple):
    """Which number of a tensor is meant, inside a loop."""

    axes: tuple[int, ...]  # sizes of the loop's axes
    index: tuple[Index, ...]  # on each axis of the tensor

    def with_index(self, index: list[Index]) -> "Position":
        """Return another number in the same loop."""
        return Position(self.axes, tuple(index))


class Lowering:
    """Reads a graph backwards, from what it returns.

    Raises:
        CannotCompile: an operation that is not pointwise, a sum over units or a matrix product.
    """

    def __init__(self, step: StepGraph, names: tuple[str, ...]) -> None:
        self.step = step
        self.used_names = set(RESERVED)  # names in the C
        self.stages: list[Any] = []
        self.fixed: dict[fx.Node, Buffer] = {}
        u = self.new_buffer(Kind.INPUT, "u", shape_of(step.u)[-1])
        self.buffers = {step.u: u}  # of what is written down
        for node, name in zip(step.before, names, strict=True):
            self.buffers[node] = self.new_buffer(Kind.STATE, name, math.prod(shape_of(node)[1:]))
        self.products: dict[fx.Node, Buffer] = {}
        self.cache: dict[Any, Any] = {}

    def build_program(self) -> Program:
        """Return all that the step computes."""
        states = []
        for before, after in zip(self.step.before, self.step.after, strict=True):
            if shape_of(before) != shape_of(after):
                raise CannotCompile("a state does not keep its shape")
            states.append(self.whole_tensor(after, self.buffers[before]))
        fixed = list(self.fixed)
        part = self.step.fixed_part(fixed)
        return Program(
            self.buffers[self.step.u],
            states,
            sorted(self.stages, key=lambda stage: stage.level),
            [self.fixed[node] for node in fixed],
            part,
            list(self.step.weights),
        )

    def new_buffer(self, kind: Kind, name: str, width: int) -> Buffer:
        """Return a buffer whose name no other has."""
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        plain = f"v_{plain}" if plain.startswith(PREFIXES) else plain
        unique, i = plain, 1
        while unique in self.used_names:
            unique, i = f"{plain}_{i}", i + 1
        self.used_names.add(unique)
        return Buffer(kind, unique, width)

    # -- one number --------------------------------------------------------------------------

    def expression_of(self, node: Any, at: Position) -> Expr:
        """Return the expression of one number of `node`."""
        if isinstance(node, bool | int | float):
            return as_expression(node)
        if not isinstance(node, fx.Node):
            raise CannotCompile(f"an argument is {node!r}")
        if (node, at) not in self.cache:
            self.cache[node, at] = self.build_expression(node, at)
        return self.cache[node, at]

    def build_expression(self, node: fx.Node, at: Position) -> Expr:
        """Return the expression of one number of `node`, made anew."""
        name = operation_name(node)
        if node in self.buffers:
            return self.load_number(self.buffers[node], shape_of(node), at)
        if name in FILLED:
            return as_expression(FILLED[name])
        if name in GIVEN:
            return self.expression_of(node.args[-1], at)
        is_view = name in views.VIEWS or name in views.WRITTEN
        if node not in self.step.varies and not (is_view and is_over_batch(node)):
            return self.fixed_number(node, at)
        if name in views.VIEWS:
            source, index = views.VIEWS[name](node, list(at.index))
            return self.expression_of(source, at.with_index(index))
        if is_view or name in REDUCTIONS:
            return (views.WRITTEN | REDUCTIONS)[name](self, node, at)
        return self.apply_pointwise(name, node, at)

    def apply_pointwise(self, name: str, node: fx.Node, at: Position) -> Expr:
        """Return an operation that treats every number alone."""
        if name not in TORCH:
            raise CannotCompile(
                f"{node.target} is neither pointwise, nor a sum over units, nor a matrix product"
            )
        args = [self.broadcast_argument(arg, node, at) for arg in node.args]
        options = {
            key: self.broadcast_argument(value, node, at) if isinstance(value, fx.Node) else value
            for key, value in node.kwargs.items()
        }
        try:
            return TORCH[name](*args, **options)
        except TypeError as error:
            raise CannotCompile(f"{node.target} with such options ({error})") from error

    def broadcast_argument(self, arg: Any, node: fx.Node, at: Position) -> Any:
        """Return the expression of an argument, spread over the axes of `node`; None stays."""
        if arg is None or not isinstance(arg, fx.Node):
            return None if arg is None else self.expression_of(arg, at)
        return self.expression_of(
            arg, at.with_index(views.broadcast_index(shape_of(arg), shape_of(node), at.index))
        )

    def fixed_number(self, node: fx.Node, at: Position) -> Expr:
        """Return a number that depends on the weights alone, the same for every sequence."""
        shape = shape_of(node)
        index = flat_index(shape, list(at.index))
        if index.strides[0]:
            raise CannotCompile(f"{node.target} gives each sequence a fixed value of its own")
        return Expr("load", buffer=self.fixed_buffer(node), column=column_of(index, at.axes))

    def fixed_buffer(self, node: fx.Node) -> Buffer:
        """Return where a value of the weights alone is kept."""
        if node not in self.fixed:
            if not node.meta["val"].is_floating_point():
                raise CannotCompile(f"{node.target} gives a fixed value that is not real")
            self.fixed[node] = self.new_buffer(
                Kind.FIXED, self.fixed_name(node), math.prod(shape_of(node))
            )
        return self.fixed[node]

    def fixed_name(self, node: fx.Node) -> str:
        """Return the name of a fixed value: the weight's, with what was done to it alone."""
        if node in self.step.weight_nodes:
            return self.step.weight_nodes[node]
        if len(node.all_input_nodes) == 1:
            return f"{self.fixed_name(node.all_input_nodes[0])}_{operation_name(node)}"
        return node.name

    def load_number(self, buffer: Buffer, shape: tuple[int, ...], at: Position) -> Expr:
        """Return a number of `buffer`, where a tensor of that shape lies."""
        total = Index()
        for size, i in zip(shape, at.index, strict=True):
            per_sequence = size // BATCH if size % BATCH == 0 else 0
            if i.strides[0] != per_sequence:
                raise CannotCompile("it mixes the sequences of a batch")
            total = total.times(per_sequence or size) + Index(i.start, (0, *i.strides[1:]))
        return Expr("load", buffer=buffer, column=column_of(total, at.axes))

    # -- stages ------------------------------------------------------------------------------

    def whole_tensor(self, node: Any, buffer: Buffer, start: int = 0, strides: Any = None) -> Root:
        """Return all of `node`, to be written to `buffer`."""
        at = every_position(shape_of(node))
        own = strides or tuple(math.prod(at.axes[i + 1 :]) for i in range(len(at.axes)))
        return Root(self.expression_of(node, at), buffer, at.axes, Column(start, own))

    def write_down(self, node: fx.Node) -> Buffer:
        """Return where `node` stands written down as a whole, each sequence's numbers together."""
        if node not in self.buffers:
            buffer = self.new_buffer(Kind.VALUES, node.name, math.prod(shape_of(node)) // BATCH)
            roots = views.side_by_side_roots(self, node, buffer) or [
                self.whole_tensor(node, buffer)
            ]
            level = self.level_above(loaded([root.expr for root in roots]))
            self.stages.append(Values(buffer, level, roots))
            self.buffers[node] = buffer
        return self.buffers[node]

    def level_above(self, read: set[Buffer | None]) -> int:
        """Return the first level at which all buffers that are read are there."""
        return 1 + max((s.level for s in self.stages if s.buffer in read), default=-1)

    def add_product(self, node: fx.Node, x: fx.Node, weight: fx.Node, turned: bool = False) -> None:
        """Let `node` be the matrix product of `x`, whose rows are sequences, and a fixed weight.

        With `turned` the weight is given as (n,k), and is that times the transpose of x.
        """
        k, n = shape_of(weight)[-2:][:: -1 if turned else 1]
        rows = math.prod(shape_of(x)) // (BATCH * k)
        read = self.write_down(x)
        buffer = self.new_buffer(Kind.PRODUCT, node.name, rows * n)
        level, fixed = self.level_above({read}), self.fixed_buffer(weight)
        self.stages.append(Product(buffer, level, read, fixed, k, n, rows, turned))
        self.products[node] = buffer

    def add_reduction(
        self,
        op: str,
        key: Any,
        shape: tuple[int, ...],
        over: tuple[int, ...],
        term: Callable[[Position], Expr],
    ) -> Callable[[Position], Expr]:
        """Return how to read the sum, or maximum, of `term` over the axes `over` of a shape.

        What is returned takes an index on all axes; that on those of `over` does not matter.
        """
        if any(shape[d] % BATCH == 0 for d in over):
            raise CannotCompile("it mixes the sequences of a batch")
        kept = tuple(1 if d in over else size for d, size in enumerate(shape))
        if (op, key, over) not in self.cache:
            outer = every_position(kept)
            axes = list(outer.axes)
            index = list(outer.index)
            for d in over:
                index[d] = along_axis(len(axes))
                axes.append(shape[d])
            expr = term(Position(tuple(axes), tuple(index)))
            buffer = self.new_buffer(Kind.REDUCED, op, math.prod(outer.axes))
            strides = tuple(math.prod(outer.axes[i + 1 :]) for i in range(len(outer.axes)))
            root = Root(expr, buffer, tuple(axes), Column(0, strides + (0,) * len(over)))
            self.stages.append(
                Reduction(buffer, self.level_above(loaded([expr])), op, root, len(over))
            )
            self.cache[op, key, over] = buffer
        buffer = self.cache[op, key, over]
        none = Index()
        return lambda at: self.load_number(
            buffer, kept, at.with_index([none if d in over else i for d, i in enumerate(at.index)])
        )


def every_position(shape: tuple[int, ...]) -> Position:
    """Return the loop over all numbers of one sequence of a tensor of that shape.

    Raises:
        CannotCompile: no axis of it is that of the sequences.
    """
    axes: list[int] = []
    index: list[Index] = []
    batches = [d for d, size in enumerate(shape) if size and size % BATCH == 0]
    if len(batches) != 1:
        raise CannotCompile("it does not give one value for each sequence")
    for d, size in enumerate(shape):
        per_sequence = size // BATCH if d == batches[0] else size
        own = along_axis(len(axes)) if per_sequence > 1 else Index()
        if per_sequence > 1:
            axes.append(per_sequence)
        index.append(own + along_axis(-1, per_sequence) if d == batches[0] else own)
    return Position(tuple(axes) or (1,), tuple(index))


def column_of(index: Index, axes: tuple[int, ...]) -> Column:
    """Return an index as a column: one stride for each axis."""
    strides = index.strides[1:] + (0,) * len(axes)
    return Column(index.start, strides[: len(axes)])


def is_over_batch(node: fx.Node) -> bool:
    """Tell whether a fixed value was spread over the sequences."""
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and any(s and s % BATCH == 0 for s in value.shape)
