"""From a program to C: one function that goes through time, and one that goes back.

Between its matrix products (`matmul`) each step is loops over sequences and units (`nests`).
Backward recomputes what is pointwise; a weight's gradient is summed over several steps' rows at a
time, while they are still in the cache.
"""

from dataclasses import dataclass
from enum import Enum

from longlag.engine import matmul
from longlag.engine.accumulate import accumulate
from longlag.engine.ir import Buffer, Kind, Product, Program, Reduction, Values, loaded
from longlag.engine.nests import UNITS, Reverse, gradient_of, reducing_loops, writing_loops
from longlag.engine.pointwise import FUNCTIONS, INSTRUCTIONS


class Role(Enum):
    """What a pointer of the two functions points to."""

    VALUE = "the buffer itself"
    GRADIENT = "its gradient, to be returned or used anew at each step"
    WEIGHT_GRADIENT = "the gradient of a product's weight"
    DIRECT = "dL/ds of the loss alone, for each step; may be null"
    AFTER = "dL/ds_t"
    BEFORE = "dL/ds_(t-1)"


@dataclass(frozen=True, eq=False)
class Pointer:
    """One of the pointers that a function takes, in order."""

    name: str
    role: Role
    buffer: Buffer
    product: Product | None = None  # of a weight's gradient


class Source:
    """The C of a program, and what its two functions take."""

    def __init__(self, program: Program, real: str) -> None:
        self.program, self.total = accumulate(program)
        program = self.program
        folded = {p.buffer for p in program.products if p.column is not None}
        self.buffers = [program.u, *([self.total] if self.total else [])]
        self.buffers += [root.buffer for root in program.states]
        self.buffers += [s.buffer for s in program.stages if s.buffer not in folded]
        self.buffers += program.fixed
        loads = loaded([root.expr for root in program.roots])
        self.read = [b for b in self.buffers if b in loads]  # by expressions
        self.rereads_u = program.u in loads or any(p.x == program.u for p in program.products)
        self.forward_pointers = [Pointer(b.name, Role.VALUE, b) for b in self.buffers]
        self.backward_pointers = [*self.forward_pointers, *self._gradients()]
        body, self.zeroed = self._backward()
        self.text = indent_c([*self._head(real), *self._forward(), *body])

    def _head(self, real: str) -> list[str]:
        """Return types, products and the functions of the mathematical library."""
        suffix = "f" if real == "float" else ""
        out = [matmul.products_in_c(real), UNITS]
        for name in FUNCTIONS:
            simd = "" if name in INSTRUCTIONS else "SIMD "
            given = "R, R" if name == "pow" else "R"
            out += [f"{simd}R {name}{suffix}({given});", f"#define {name.upper()} {name}{suffix}"]
        return out

    def _gradients(self) -> list[Pointer]:
        """Return what backward takes beside the buffers of forward."""
        out = [
            Pointer(f"d_{p.buffer.name}", Role.WEIGHT_GRADIENT, p.weight, p)
            for p in self.program.products
        ]
        for root in self.program.states:
            name = root.buffer.name
            out += [
                Pointer(f"direct_{name}", Role.DIRECT, root.buffer),
                Pointer(f"g_{name}", Role.AFTER, root.buffer),
                Pointer(f"before_{name}", Role.BEFORE, root.buffer),
            ]
        for buffer in self.buffers:
            loaded = buffer.kind is not Kind.FIXED or buffer in self.read
            if buffer.kind not in (Kind.STATE, Kind.SUM) and loaded:
                out.append(Pointer(f"g_{buffer.name}", Role.GRADIENT, buffer))
        return out

    def _panels(self, turned: bool) -> tuple[list[str], list[str]]:
        """Return statements that lay out each weight, or its transpose, and that free it."""
        made = ["const unsigned long unit = flush_subnormals();"]
        for p in self.program.products:
            row, col = (1, p.k) if p.turned else (p.n, 1)  # strides of the weight (k,n)
            how = f"{p.n}, {p.k}, {p.weight.name}, {col}, {row}"
            how = how if turned else f"{p.k}, {p.n}, {p.weight.name}, {row}, {col}"
            made.append(f"R *panels_{p.buffer.name} = panels({how});")
        names = [f"panels_{p.buffer.name}" for p in self.program.products]
        freed = [f"free({name});" for name in names] + ["restore_subnormals(unit);"]
        if names:
            made += [f"if (!({' && '.join(names)})) {{", *freed, "return 1;", "}"]
        return made, freed

    def _forward(self) -> list[str]:
        """Return the function that computes s_1 .. s_T, with all that backward reads."""
        made, freed = self._panels(turned=False)
        out = [*function_opening("forward", self.forward_pointers), *made]
        out.append("for (long t = 0; t < T; t++) {")
        for group in self.program.levels():
            out += writing_loops([r for s in group if isinstance(s, Values) for r in s.roots])
            out += reducing_loops([s for s in group if isinstance(s, Reduction)])
            for p in (s for s in group if isinstance(s, Product)):
                to, ld = self._result(p)
                start = "0" if p.column is None else to.replace("u_plus", "u", 1)
                x = f"{p.x.name} + t * B * {p.x.width}"
                out.append(
                    f"product({rows_of_x(p)}, {p.n}, {p.k}, {x}, {p.k}, panels_{p.buffer.name}, "
                    f"{start}, {ld}, {to}, {ld});"
                )
        out += writing_loops(self.program.states, row="(r + B)")
        return [*out, "}", *freed, "return 0;", "}"]

    def _result(self, p: Product, gradient: bool = False) -> tuple[str, int]:
        """Return where M at step t, or its gradient, is kept: address and columns."""
        buffer, column = p.buffer, 0
        if p.column is not None and self.total is not None:
            buffer, column = self.total, p.column
        name = gradient_of(buffer)[0] if gradient else buffer.name
        own = f" + {column}" if column else ""
        return f"{name} + t * B * {buffer.width}{own}", p.n if p.column is None else buffer.width

    def _backward(self) -> tuple[list[str], set[Buffer]]:
        """Return the function that computes gradients, and which have to be zero before."""
        reverse = Reverse({p.x for p in self.program.products if p.x.gradient_over_time})
        made, freed = self._panels(turned=True)
        out = [*function_opening("backward", self.backward_pointers), *made]
        out += ["const long S = (ROWS + B - 1) / B;", "for (long t = T - 1; t >= 0; t--) {"]
        for root in self.program.states:
            name, size = root.buffer.name, f"B * {root.buffer.width}"
            out += [
                f"memset(before_{name}, 0, {size} * sizeof(R));",
                f"if (direct_{name}) for (long n = 0; n < {size}; n++) "
                f"g_{name}[n] += direct_{name}[t * {size} + n];",
            ]
        out += [
            f"memset(g_{b.name}, 0, B * {b.width} * sizeof(R));"
            for b in self.buffers
            if b.kind in (Kind.VALUES, Kind.REDUCED)
        ]
        out += reverse.gradient_loops(self.program.states, "g_")
        for group in reversed(self.program.levels()):
            out += [self._back(p) for p in group if isinstance(p, Product)]
            roots = [r for s in group if isinstance(s, Values) for r in s.roots]
            roots += [s.root for s in group if isinstance(s, Reduction) and s.op == "sum"]
            out += reverse.gradient_loops(roots, "g_")
        for root in self.program.states:
            after, before = f"g_{root.buffer.name}", f"before_{root.buffer.name}"
            out.append(f"{{ R *swap = {after}; {after} = {before}; {before} = swap; }}")
        out += [*self._weights(), "}", *freed, "return 0;", "}"]
        return out, self._unwritten(reverse)

    def _unwritten(self, reverse: Reverse) -> set[Buffer]:
        """Return the buffers of whose gradient backward does not write every column."""
        found = set()
        for buffer in self.buffers:
            written = list(reverse.written.get(buffer, []))
            if buffer == self.program.u and self.total is not None:
                written += reverse.written.get(self.total, [])
            end = 0
            for low, high in sorted(written):
                end = max(end, high) if low <= end else end
            partly = buffer in reverse.whole or (
                buffer == self.program.u and self.total in reverse.whole
            )
            if partly or end < buffer.width or not buffer.gradient_over_time:
                found.add(buffer)
        return found

    def _back(self, p: Product) -> str:
        """Return the statement from dL/dM of step t to dL/dX, which is added to."""
        source, ld = self._result(p, gradient=True)
        name, row = gradient_of(p.x)
        to = f"{name} + t * B * {p.x.width}" if row == "r" else name
        given = f"{source}, {ld}, panels_{p.buffer.name}, {to}, {p.k}, {to}, {p.k}"
        return f"product({rows_of_x(p)}, {p.k}, {p.n}, {given});"

    def _weights(self) -> list[str]:
        """Return statements that add, every S steps, X^T dL/dM of them to weights' gradients."""
        out = ["if (t % S == 0) {", "const long rows = (t + S < T ? S : T - t) * B; (void)rows;"]
        for p in self.program.products:
            source, ld = self._result(p, gradient=True)
            count = "rows" if p.rows == 1 else f"rows * {p.rows}"
            x = f"{p.x.name} + t * B * {p.x.width}"
            out.append(
                f"outer({p.k}, {p.n}, {count}, {x}, {p.k}, {source}, {ld}, d_{p.buffer.name});"
            )
        return [*out, "}"]


def rows_of_x(p: Product) -> str:
    """Return how many rows of X a step has."""
    return "B" if p.rows == 1 else f"B * {p.rows}"


def function_opening(name: str, pointers: list[Pointer]) -> list[str]:
    """Return the head of a function that takes its pointers in one array; 0 if all went well."""
    take = [f"R *{pointer.name} = p[{i}];" for i, pointer in enumerate(pointers)]
    return ["", f"int {name}(long T, long B, R **p) {{", *take]


def indent_c(lines: list[str]) -> str:
    """Return lines of C, each as far to the right as braces are open."""
    out, depth = [], 0
    for line in lines:
        depth -= line.startswith("}")
        out.append(line if "\n" in line else "    " * depth + line)
        if "\n" not in line:
            depth += line.count("{") - line.count("}") + line.startswith("}")
    return "\n".join(out) + "\n"
