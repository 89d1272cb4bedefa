"""From a program to C: one function that walks through time, and one that walks back.

Between its matrix products (`matmul`) each step is one loop over rows and columns.  Backward
recomputes the activations from the saved products; a weight's gradient is summed over several
steps' rows at a time, while they are still in the cache.
"""

from dataclasses import dataclass
from functools import cached_property

from longlag.engine import matmul, norm
from longlag.engine.accumulate import fold, topological
from longlag.engine.ir import Expr, Norm, Program, Root, Stage
from longlag.engine.pointwise import FUNCTIONS, OPS

FLUSH, RESTORE = "flush_subnormals()", "restore_subnormals(unit);"


@dataclass
class Source:
    """The C of a program and the names of the pointers that its two functions take, in order."""

    program: Program
    real: str  # float or double

    def __post_init__(self) -> None:
        """Fold the products that are only ever added to u."""
        self.program = fold(self.program)

    @cached_property
    def folded(self) -> bool:
        """Whether `a`, the projected input plus products, is kept."""
        return any(product.column is not None for product in self.program.products)

    @cached_property
    def rereads_u(self) -> bool:
        """Whether backward needs u itself, and not only its sum with products."""
        program = self.program
        roots = [*program.states, *(root for s in program.stages for root in s.roots)]
        loads = [e for e in topological([root.expr for root in roots]) if e.op == "load"]
        return any(load.args[0] == "u" for load in loads) or self.reads_u("g_u")

    @cached_property
    def forward_names(self) -> list[str]:
        """u, a, states (T+1), products, inputs of products, fixed values."""
        kept = [name for name in self.program.widths if name not in ("u", "a")]
        weights = [f"w{p.index}" for p in self.program.products]
        return ["u", *(["a"] if self.folded else []), *kept, *weights]

    @cached_property
    def backward_names(self) -> list[str]:
        """Those of forward, then the gradients: of states and of what each step read."""
        n = len(self.program.states)
        extra = [f"{what}{i}" for i in range(n) for what in ("direct", "G", "N")]
        own = [f"g_{b}" for b in self.program.widths if b[0] not in "as"]
        weights = [f"d{p.index}" for p in self.program.products]
        return [*self.forward_names, *weights, *extra, *own]

    @cached_property
    def text(self) -> str:
        """The whole file."""
        suffix = "f" if self.real == "float" else ""
        lines = []
        for name in FUNCTIONS:
            simd = "" if name == "sqrt" else "SIMD "  # an instruction, not a library's function
            lines.append(f"{simd}R {name}{suffix}(R);\n#define {name.upper()} {name}{suffix}")
        declare = "\n".join(lines)
        return "\n".join(
            [matmul.source(self.real), declare, norm.SOURCE, self.forward(), self.backward()]
        )

    def levels(self) -> list[list[Stage]]:
        """Stages that can be taken together, in order."""
        top = max((p.level for p in self.program.stages), default=-1)
        return [[p for p in self.program.stages if p.level == i] for i in range(top + 1)]

    def panels(self, turned: bool) -> tuple[list[str], list[str]]:
        """Statements that lay out each weight, or its transpose, and that free it."""
        made, freed = [], []
        for p in self.program.products:
            how = (
                f"{p.n}, {p.k}, w{p.index}_, 1, {p.n}"
                if turned
                else (f"{p.k}, {p.n}, w{p.index}_, {p.n}, 1")
            )
            made.append(f"R *panels{p.index} = panels({how});")
            freed.append(f"free(panels{p.index});")
        return made, freed

    def forward(self) -> str:
        """s_1 .. s_T, with everything that backward reads."""
        made, freed = self.panels(turned=False)
        out = [opening("forward", self.forward_names), *made, "for (long t = 0; t < T; t++) {"]
        for group in self.levels():
            out += self.loops([root for p in group for root in p.roots])
            for p in group:
                to, ld = self.place(p)
                start = "0" if p.column is None else to.replace("a_", "u_", 1)
                x = f"{p.x}_ + t * B * {p.k}"
                if isinstance(p, Norm):
                    out.append(f"normalise(B, {p.n}, (R){p.eps!r}, {x}, {to});")
                else:
                    out.append(
                        f"product(B, {p.n}, {p.k}, {x}, {p.k}, panels{p.index}, "
                        f"{start}, {ld}, {to}, {ld});"
                    )
        out += self.loops(self.program.states, new="(r + B)")
        return "\n".join([*out, "}", *freed, RESTORE, "}"])

    def place(self, p: Stage, prefix: str = "") -> tuple[str, int]:
        """Where the M of stage `p` at step t is kept: address and columns."""
        width = self.program.widths
        if p.column is None:
            return f"{prefix}{p.buffer}_ + t * B * {p.n}", p.n
        name = "g_u" if prefix else "a"
        return f"{name}_ + t * B * {width['u']} + {p.column}", width["u"]

    def loops(self, roots: list[Root], new: str = "r") -> list[str]:
        """Compute `roots` for every row; states go one step ahead."""
        out = []
        for width in sorted({root.width for root in roots}):
            names: dict[Expr, str] = {}
            body: list[str] = []
            group = [root for root in roots if root.width == width]
            for root in group:
                self.emit(root.expr, names, body)
            body += [
                f"{root.buffer}_[{new} * {self.program.widths[root.buffer]} + {root.offset} + j]"
                f" = {names[root.expr]};"
                for root in group
            ]
            out += nest(width, body)
        return out

    def emit(self, expr: Expr, names: dict[Expr, str], body: list[str]) -> str:
        """Statements that compute `expr`, each expression once; its name."""
        if expr not in names:
            if expr.op == "number":
                names[expr] = f"((R){expr.args[0]!r})"
                return names[expr]
            if expr.op == "load":
                buffer, offset, one = expr.args
                row = "0" if buffer[0] == "c" else f"r * {self.program.widths[buffer]}"
                value = f"{buffer}_[{row} + {0 if one else f'{offset} + j'}]"
            else:
                value = OPS[expr.op][0].format(*(self.emit(a, names, body) for a in expr.args))
            names[expr] = f"e{len(names)}"
            body.append(f"const R {names[expr]} = {value};")
        return names[expr]

    def backward(self) -> str:
        """dL/du, dL/dM of every step, dL/ds_0 and the sums for fixed values."""
        self.written: dict[str, list[tuple[int, int]]] = {}
        made, freed = self.panels(turned=True)
        out = [opening("backward", self.backward_names), *made]
        out += ["const long S = (ROWS + B - 1) / B;", "for (long t = T - 1; t >= 0; t--) {"]
        for i, root in enumerate(self.program.states):
            size = f"B * {root.width}"
            out.append(f"memset(N{i}_, 0, {size} * sizeof(R));")
            out.append(
                f"if (direct{i}_) for (long n = 0; n < {size}; n++) "
                f"G{i}_[n] += direct{i}_[t * {size} + n];"
            )
        out += [
            f"memset(g_x{p.index}_, 0, B * {p.k} * sizeof(R));"
            for p in self.program.stages
            if p.roots
        ]
        out += self.reverse(self.program.states, state=True)
        for group in reversed(self.levels()):
            for p in group:
                out.append(self.back(p))
            out += self.reverse([root for p in group for root in p.roots], state=False)
        for i in range(len(self.program.states)):
            out.append(f"{{ R *swap = G{i}_; G{i}_ = N{i}_; N{i}_ = swap; }}")
        return "\n".join([*out, *self.weights(), "}", *freed, RESTORE, "}"])

    def back(self, p: Stage) -> str:
        """From dL/dM of step t to dL/dX, which is added to."""
        src, ld = self.place(p, "g_")
        to = {"s": f"N{p.x[1:]}_", "x": f"g_{p.x}_"}.get(p.x[0], f"g_u_ + t * B * {p.k}")
        if isinstance(p, Norm):
            x, y = f"{p.x}_ + t * B * {p.k}", self.place(p)[0]
            return f"normalise_back(B, {p.n}, (R){p.eps!r}, {x}, {y}, {src}, {to});"
        product = f"product(B, {p.k}, {p.n}, {src}, {ld}, panels{p.index}"
        return f"{product}, {to}, {p.k}, {to}, {p.k});"

    def weights(self) -> list[str]:
        """Every S steps, X^T dL/dM of them, added to the weights' gradients."""
        out = ["if (t % S == 0) {", "const long rows = (t + S < T ? S : T - t) * B; (void)rows;"]
        for p in self.program.products:
            src, ld = self.place(p, "g_")
            x = f"{p.x}_ + t * B * {p.k}"
            out.append(f"outer({p.k}, {p.n}, rows, {x}, {p.k}, {src}, {ld}, d{p.index}_);")
        return [*out, "}"]

    def reverse(self, roots: list[Root], state: bool) -> list[str]:
        """From the gradients of `roots` to those of what they were computed from."""
        out = []
        for width in sorted({root.width for root in roots}):
            names: dict[Expr, str] = {}
            body: list[str] = []
            grads: dict[Expr, str] = {}
            for root in (root for root in roots if root.width == width):
                self.emit(root.expr, names, body)
                source = f"G{root.buffer[1:]}" if state else f"g_{root.buffer}"
                columns = self.program.widths[root.buffer]
                here = f"{source}_[b * {columns} + {root.offset} + j]"
                grads[root.expr] = f"{grads[root.expr]} + {here}" if root.expr in grads else here
            under = topological([root.expr for root in roots if root.width == width])
            for expr in reversed(under):
                if expr not in grads or expr.op == "number":
                    continue
                if expr.op == "load":
                    body.append(self.store(expr, grads[expr], width))
                    continue
                g = f"g{len(names)}_{len(body)}"
                body.append(f"const R {g} = {grads[expr]};")
                args = [names[a] for a in expr.args]
                for arg, rule in zip(expr.args, OPS[expr.op][1:], strict=True):
                    if arg.op != "number":
                        term = "(" + rule.format(*args, y=names[expr], g=g) + ")"
                        grads[arg] = f"{grads[arg]} + {term}" if arg in grads else term
            out += nest(width, body)
        return out

    def store(self, load: Expr, value: str, width: int) -> str:
        """Add `value` to the gradient of a column."""
        buffer, offset, _ = load.args
        columns = self.program.widths[buffer]
        if buffer[0] == "s":
            return f"N{buffer[1:]}_[b * {columns} + {offset} + j] += {value};"
        if buffer[0] == "c":
            return f"g_{buffer}_[b * {max(columns, width)} + {offset} + j] += {value};"
        if buffer[0] == "x":
            return f"g_{buffer}_[b * {columns} + {offset} + j] += {value};"
        name = f"g_{'u' if buffer == 'a' else buffer}"
        before = self.written.setdefault(name, [])
        first = not self.reads_u(name) and all(
            offset + width <= low or high <= offset for low, high in before
        )
        before.append((offset, offset + width))
        return f"{name}_[r * {columns} + {offset} + j] {'' if first else '+'}= {value};"

    def reads_u(self, name: str) -> bool:
        """Whether a product reads u itself, and so adds to its gradient."""
        return name == "g_u" and any(p.x == "u" for p in self.program.products)

    def covered(self, name: str, width: int) -> bool:
        """Whether backward writes all columns of a gradient, so that it need not start at zero."""
        end = 0
        for low, high in sorted(self.written.get(name, [])):
            end = max(end, high) if low <= end else end
        return end >= width and not self.reads_u(name)


def opening(name: str, pointers: list[str]) -> str:
    """The head of a function that takes its pointers in one array."""
    take = "\n".join(f"R *{pointer}_ = p[{i}];" for i, pointer in enumerate(pointers))
    return f"void {name}(long T, long B, R **p) {{\n{take}\nconst unsigned long unit = {FLUSH};"


def nest(width: int, body: list[str]) -> list[str]:
    """`body` for every row and column."""
    loop = f'_Pragma("GCC ivdep") for (int j = 0; j < {width}; j++) {{'
    return [
        "for (long b = 0; b < B; b++) {",
        "const long r = t * B + b; (void)r;",
        loop,
        *body,
        "}",
        "}",
    ]
