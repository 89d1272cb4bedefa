"""Loops over sequences and units, in C: expressions written down or summed, and their gradients.

A compiler runs the units that do not fill a vector one by one, and calls exp for each.  So the last
vector of a row ends at the row's end and computes some units once more; NEW is 0 for these.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from longlag.engine.ir import Buffer, Column, Expr, Kind, Reduction, Root, topological
from longlag.engine.pointwise import OPERATIONS

IVDEP = '_Pragma("GCC ivdep")'
SUM_PRAGMA = '_Pragma("omp simd reduction(+:{})")'
UNITS = r"""
/* The units below n that fill vectors; all, if there is no vector of them. */
#define WHOLE(n) ((n) < LANES ? (n) : (n) / LANES * LANES)
/* A loop over n units: the whole vectors, and the last one, which overlaps them. */
#define UNITS(j, n, PRAGMA, ...) \
    PRAGMA for (int j = 0; j < WHOLE(n); j++) { const R NEW = 1; (void)NEW; __VA_ARGS__ } \
    if (WHOLE(n) < (n)) { \
        PRAGMA for (int j = (n) - (int)LANES; j < (n); j++) { \
            const R NEW = j >= WHOLE(n); (void)NEW; __VA_ARGS__ \
        } \
    }
"""


def loop_nest(
    axes: tuple[int, ...],
    inside: list[str],
    *,
    outer: int,
    pragma: str = "",
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> list[str]:
    """Return loops over every sequence b and index j0, j1, ...

    Args:
        axes: sizes of the loops, outermost first.
        inside: statements of the innermost loop.
        outer: how many loops over units stand around `before` and `after`.
        pragma: of the innermost loop; with one, `inside` may be run twice for a unit, and adds
            NEW times what it adds.
        before: statements before the inner loops.
        after: statements behind them.
    """
    heads = [f"for (int j{i} = 0; j{i} < {size}; j{i}++) {{" for i, size in enumerate(axes)]
    last, end = heads.pop(), "}"
    if pragma:
        last, end = f"UNITS(j{len(heads)}, {axes[-1]}, {pragma}, {{", "})"
    return [
        "for (long b = 0; b < B; b++) {",
        "const long r = t * B + b; (void)r;",
        *heads[:outer],
        *before,
        *heads[outer:],
        last,
        *inside,
        end,
        *["}"] * (len(heads) - outer),
        *after,
        *["}"] * (outer + 1),
    ]


def c_index(row: str, buffer: Buffer, column: Column) -> str:
    """Return where a number lies, as an index in C."""
    terms = [f"{row} * {buffer.width}"] if row else []
    terms += [str(column.start)] if column.start or not terms else []
    terms += [
        f"j{i}" if stride == 1 else f"{stride} * j{i}"
        for i, stride in enumerate(column.strides)
        if stride
    ]
    return " + ".join(terms)


@dataclass
class Statements:
    """Statements that compute expressions, each number once."""

    lines: list[str] = field(default_factory=list)
    names: dict[Expr, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def name_of(self, text: str, op: str) -> str:
        """Return the name of the number that `text` computes."""
        if text not in self.texts:
            self.texts[text] = f"{op}{len(self.texts)}_"
            self.lines.append(f"const R {self.texts[text]} = {text};")
        return self.texts[text]

    def value(self, root: Expr) -> str:
        """Return the name of an expression, after the statements that compute it."""
        for expr in topological([root]):
            if expr in self.names:
                continue
            if expr.op == "number":
                self.names[expr] = literal_in_c(expr.number)
            elif expr.buffer is not None:
                row = "r" if expr.buffer.over_time else ""
                text = f"{expr.buffer.name}[{c_index(row, expr.buffer, expr.column)}]"
                self.names[expr] = self.name_of(text, "v")
            else:
                rule = OPERATIONS[expr.op][0] or ""
                text = rule.format(*(self.names[arg] for arg in expr.args))
                self.names[expr] = self.name_of(text, expr.op)
        return self.names[root]


def literal_in_c(number: float) -> str:
    """Return a number in C."""
    if math.isinf(number):
        return f"((R){'-' if number < 0 else ''}__builtin_inf())"
    return '((R)__builtin_nan(""))' if math.isnan(number) else f"((R){number!r})"


def grouped_by_axes(roots: list[Root]) -> Iterator[tuple[tuple[int, ...], list[Root]]]:
    """Yield the roots of each shape of loop, which share one."""
    groups: dict[tuple[int, ...], list[Root]] = defaultdict(list)
    for root in roots:
        groups[root.axes].append(root)
    yield from sorted(groups.items())


def writing_loops(roots: list[Root], row: str = "r") -> list[str]:
    """Return loops that write every root to its column of the given row."""
    out = []
    for axes, group in grouped_by_axes(roots):
        code = Statements()
        values = [code.value(root.expr) for root in group]
        stores = [
            f"{root.buffer.name}[{c_index(row, root.buffer, root.column)}] = {value};"
            for root, value in zip(group, values, strict=True)
        ]
        out += loop_nest(axes, [*code.lines, *stores], outer=len(axes) - 1, pragma=IVDEP)
    return out


def reducing_loops(stages: list[Reduction]) -> list[str]:
    """Return loops that sum, or find the maximum of, an expression over its last axes."""
    out = []
    for stage in stages:
        root, code = stage.root, Statements()
        value, start, pragma = code.value(root.expr), literal_in_c(-math.inf), ""
        step = f"if ({value} > total || {value} != {value}) total = {value};"
        if stage.op == "sum":
            start, step, pragma = "0", f"total += NEW * {value};", SUM_PRAGMA.format("total")
        out += loop_nest(
            root.axes,
            [*code.lines, step],
            outer=len(root.axes) - stage.over,
            pragma=pragma,
            before=[f"R total = {start};"],
            after=[f"{stage.buffer.name}[{c_index('r', root.buffer, root.column)}] = total;"],
        )
    return out


class Reverse:
    """Loops from the gradients of expressions to those of what they were computed from.

    Args:
        whole: buffers whose gradient is written by something else too, so that it has to be added.
    """

    def __init__(self, whole: set[Buffer]) -> None:
        self.whole = whole
        self.written: dict[Buffer, list[tuple[int, int]]] = defaultdict(list)

    def gradient_loops(self, roots: list[Root], source: str) -> list[str]:
        """Return the loops for roots whose gradients stand in buffers named `source`.name."""
        out = []
        for axes, group in grouped_by_axes(roots):
            code, grads = Statements(), dict[Expr, str]()
            for root in group:
                code.value(root.expr)
                here = f"{source}{root.buffer.name}[{c_index('b', root.buffer, root.column)}]"
                grads[root.expr] = f"{grads[root.expr]} + {here}" if root.expr in grads else here
            stores = self.gradients_of_columns([root.expr for root in group], code, grads)
            out += self.storing_loop(axes, code.lines, stores)
        return out

    def gradients_of_columns(
        self, roots: list[Expr], code: Statements, grads: dict[Expr, str]
    ) -> dict[tuple[Buffer, Column], str]:
        """Add statements from `grads` of the roots down; return the gradient of each column."""
        found: dict[tuple[Buffer, Column], str] = {}
        for expr in reversed(topological(roots)):
            if expr not in grads or expr.op == "number":
                continue
            g = f"g{len(code.lines)}_"
            code.lines.append(f"const R {g} = {grads[expr]};")
            if expr.buffer is not None:
                key = (expr.buffer, expr.column)
                found[key] = f"{found[key]} + {g}" if key in found else g
                continue
            names = [code.names[arg] for arg in expr.args]
            for arg, rule in zip(expr.args, OPERATIONS[expr.op][1:], strict=True):
                if arg.op != "number" and rule is not None:
                    term = "(" + rule.format(*names, y=code.names[expr], g=g) + ")"
                    grads[arg] = f"{grads[arg]} + {term}" if arg in grads else term
        return found

    def storing_loop(
        self,
        axes: tuple[int, ...],
        lines: list[str],
        gradients: dict[tuple[Buffer, Column], str],
    ) -> list[str]:
        """Return the loop that computes `lines` and adds gradients to the columns."""
        inside, before, after, sums, spans = [], [], [], [], defaultdict(list)
        for buffer, column in gradients:
            if column.strides[-1]:
                spans[gradient_of(buffer)[0]].append(column_span(column, axes))
        apart = all(are_disjoint(ranges) for ranges in spans.values())
        if not apart:  # one index may write what another has written
            self.whole |= {buffer for buffer, _ in gradients}
        new = "NEW * " if apart else ""
        for (buffer, column), value in gradients.items():
            target, row = gradient_of(buffer)
            where = f"{target}[{c_index(row, buffer, column)}]"
            if column.strides[-1] == 0:  # one number for the whole innermost loop: summed first
                name = f"sum{len(sums)}_"
                sums.append(name)
                before.append(f"R {name} = 0;")
                inside.append(f"{name} += {new}({value});")
                after.append(f"{where} += {name};")
                self.note_written(buffer, column, axes)
            else:
                fresh = self.note_written(buffer, column, axes)
                inside.append(f"{where} = {value};" if fresh else f"{where} += {new}({value});")
        pragma = IVDEP if apart else ""
        if sums and apart:
            pragma = SUM_PRAGMA.format(", ".join(sums))
        outer = len(axes) - 1
        return loop_nest(
            axes, [*lines, *inside], outer=outer, pragma=pragma, before=before, after=after
        )

    def note_written(self, buffer: Buffer, column: Column, axes: tuple[int, ...]) -> bool:
        """Note which columns are written; tell whether they are whole, for the first time."""
        if not buffer.gradient_over_time and buffer.kind is not Kind.SUM:
            return False
        low, high = column_span(column, axes)
        before = self.written[buffer]
        first = buffer not in self.whole and all(high <= a or z <= low for a, z in before)
        dense = high - low == math.prod(axes) and 0 not in column.strides
        before.append((low, high))
        if not (first and dense):
            self.whole.add(buffer)
        return first and dense


def gradient_of(buffer: Buffer) -> tuple[str, str]:
    """Return the name of the gradient of what a step reads, and the row that it is kept in."""
    if buffer.kind is Kind.STATE:
        return f"before_{buffer.name}", "b"
    if buffer.kind is Kind.SUM:
        return "g_u", "r"
    return f"g_{buffer.name}", "r" if buffer.gradient_over_time else "b"


def column_span(column: Column, axes: tuple[int, ...]) -> tuple[int, int]:
    """Return the first column, and the one after the last."""
    reach = [stride * (size - 1) for stride, size in zip(column.strides, axes, strict=True)]
    low = column.start + sum(r for r in reach if r < 0)
    return low, column.start + sum(r for r in reach if r > 0) + 1


def are_disjoint(ranges: list[tuple[int, int]]) -> bool:
    """Tell whether no two ranges overlap."""
    return all(a[1] <= b[0] for a, b in zip(sorted(ranges), sorted(ranges)[1:], strict=False))
