"""A cell's step as a program, read from its graph.

What depends on the weights alone is set apart and computed once, before the time loop.
"""

import operator
from typing import Any

import torch
from torch import Tensor, fx, nn

from longlag.cells.base import Cell
from longlag.engine.errors import CannotCompile
from longlag.engine.ir import Expr, Norm, Product, Program, Root, Stage

BATCH = 2  # of the trace; nothing in the program depends on it


ALIAS = {"alias", "clone", "contiguous", "lift_fresh_copy"}
FILLED = {"zeros_like": 0.0, "ones_like": 1.0, "new_zeros": 0.0, "new_ones": 1.0}
FILLED |= {"zeros": 0.0, "ones": 1.0}
DIRECT = {"add", "sub", "mul", "div", "neg", "sigmoid", "tanh", "relu", "exp", "log", "sqrt"}
DIRECT |= {"sin", "cos", "abs", "sign", "maximum", "minimum", "reciprocal"}


class _Step(nn.Module):
    """`cell.step`, as a module whose forward it is."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, u: Tensor, *s: Tensor) -> tuple[Tensor, ...]:
        """u_t, s_(t-1) -> s_t."""
        return tuple(self.cell.step(u, self.cell.State(*s)))


def tensors(cell: Cell) -> dict[str, Tensor]:
    """The parameters and buffers of `cell`."""
    return dict(cell.named_parameters()) | dict(cell.named_buffers())


def trace(cell: Cell, u_width: int) -> Program:
    """Split the step of `cell`.

    Raises:
        CannotCompile: it holds something else than matrix products, layer normalisation and
            pointwise operations.
    """
    from torch.fx.experimental.proxy_tensor import make_fx  # slow to import, so only when used

    step, own = _Step(cell), tensors(cell)
    state = [leaf.detach() for leaf in cell.init_state(BATCH)]
    if any(leaf.dim() != 2 or not leaf.is_floating_point() for leaf in state):
        raise CannotCompile("a state is not real and of shape (B,H)")

    def call(u: Tensor, s: list[Tensor], values: list[Tensor]) -> tuple[Tensor, ...]:
        named = {f"cell.{name}": v for name, v in zip(own, values, strict=True)}
        return torch.func.functional_call(step, named, (u, *s))

    u = state[0].new_zeros(BATCH, u_width)
    values = [v.detach() for v in own.values()]
    graph = make_fx(call)(u, state, values).graph
    return _Splitter(graph, len(state), list(own)).program()


class _Splitter:
    """Reads a graph backwards, from what it returns."""

    def __init__(self, graph: fx.Graph, leaves: int, names: list[str]) -> None:
        self.graph, self.names = graph, names
        given = [node for node in graph.nodes if node.op == "placeholder"]
        self.inputs = {
            node: f"s{i - 1}" if i else "u" for i, node in enumerate(given[: leaves + 1])
        }
        self.weights = given[leaves + 1 :]
        self.widths = {name: shape(node)[-1] for node, name in self.inputs.items()}
        self.varies: set[fx.Node] = set(self.inputs)
        for node in graph.nodes:
            if any(arg in self.varies for arg in node.all_input_nodes):
                self.varies.add(node)
        self.fixed: dict[fx.Node, int] = {}
        self.stages: dict[fx.Node, Stage] = {}

    def program(self) -> Program:
        """The whole of it."""
        outputs: Any = next(n for n in self.graph.nodes if n.op == "output").args[0]
        states = [self.root(node, f"s{i}") for i, node in enumerate(outputs)]
        stages = sorted(self.stages.values(), key=lambda stage: stage.level)
        return Program(self.widths, self.fixed_part(), self.names, stages, states)

    def root(self, node: fx.Node, buffer: str) -> Root:
        """All columns of `node`, to be written to `buffer`."""
        width = shape(node)[-1]
        return Root(self.value(node, 0), buffer, 0, width)

    def fixed_part(self) -> fx.GraphModule:
        """The graph that computes what does not change with time."""
        graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
        for node in self.graph.nodes:
            if node.op != "output" and node not in self.varies:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[node] for node in self.fixed))
        graph.eliminate_dead_code()
        return fx.GraphModule(self.graph.owning_module or nn.Module(), graph)

    def value(self, node: Any, offset: Any) -> Expr:
        """The expression of column `offset + j` of `node`."""
        if isinstance(node, int | float):
            return Expr("number", (float(node),))
        if node in self.inputs:
            return Expr("load", (self.inputs[node], offset, False))
        name = getattr(node.target, "overloadpacket", node.target)
        name = getattr(name, "__name__", str(name))
        if name in FILLED:
            return Expr("number", (FILLED[name],))
        if name in ("full", "full_like", "new_full"):
            return Expr("number", (float(node.args[-1]),))
        if node not in self.varies:
            return self.constant(node, offset)
        if name == "mm":
            own = self.product(node, node.args[0], node.args[1])
            return Expr("load", (own.buffer, offset, False))
        if name == "addmm" and not node.kwargs:
            bias, x, weight = node.args
            own = Expr("load", (self.product(node, x, weight).buffer, offset, False))
            return Expr("add", (own, self.value(bias, offset)))
        if name in ALIAS:
            return self.value(node.args[0], offset)
        if name == "getitem" or node.target is operator.getitem:
            return self.part(node.args[0], node.args[1], offset)
        if name == "slice":
            return self.slice(node, offset)
        return self.pointwise(name, node, offset)

    def constant(self, node: fx.Node, offset: int) -> Expr:
        """A value of the weights alone, the same for every sequence."""
        size = shape(node)
        columns = size[-1] if size else 1
        if torch.Size(size).numel() != columns:
            raise CannotCompile(f"{node.target} gives a fixed value that is not one per unit")
        number = self.fixed.setdefault(node, len(self.fixed))
        self.widths[f"c{number}"] = columns
        return Expr("load", (f"c{number}", 0 if columns == 1 else offset, columns == 1))

    def product(self, node: fx.Node, x: Any, weight: Any) -> Stage:
        """The product that `node` is."""
        if node in self.stages:
            return self.stages[node]
        if weight in self.varies or x not in self.varies:
            raise CannotCompile("a matrix product is not of a state and a fixed weight")
        k, n = shape(weight)
        made = Product(len(self.stages), k, n, self.fixed.setdefault(weight, len(self.fixed)))
        self.stages[node] = made
        self.widths[made.buffer] = n
        if x in self.inputs:
            made.x = self.inputs[x]
        else:
            joined = str(x.target).startswith("aten.cat")
            self.fill(made, x.args[0] if joined else [x])
        return made

    def norm(self, node: Any, offset: int) -> Expr:
        """A layer normalisation over all columns, with its gain and shift."""
        x, over, gain, shift, eps = node.args
        if list(over) != [shape(x)[-1]]:
            raise CannotCompile(f"{node.target} over more than the units")
        if node not in self.stages:
            made = Norm(len(self.stages), over[0], over[0], eps)
            self.stages[node] = made
            self.widths[made.buffer] = over[0]
            self.fill(made, [x])
        found = Expr("load", (self.stages[node].buffer, offset, False))
        found = found if gain is None else Expr("mul", (found, self.value(gain, offset)))
        return found if shift is None else Expr("add", (found, self.value(shift, offset)))

    def fill(self, stage: Stage, parts: Any) -> None:
        """Let `stage` read the values of `parts`, side by side."""
        stage.x, start = f"x{stage.index}", 0
        self.widths[stage.x] = stage.k
        for part in parts:
            stage.roots.append(self.root(part, stage.x)._replace(offset=start))
            start += shape(part)[-1]
        stage.level = 1 + max(self.level(root.expr) for root in stage.roots)

    def level(self, expr: Expr) -> int:
        """Of the last stage that `expr` needs, or -1."""
        if expr.op == "load":
            made = [s.level for s in self.stages.values() if s.buffer == expr.args[0]]
            return made[0] if made else -1
        return max((self.level(a) for a in expr.args if isinstance(a, Expr)), default=-1)

    def part(self, source: Any, index: Any, offset: int) -> Expr:
        """One of the pieces that `split` gives, or the first result of a normalisation."""
        if str(source.target).startswith("aten.native_layer_norm") and index == 0:
            return self.norm(source, offset)
        args = (*source.args, 0)[:3]
        if "split" not in str(source.target) or args[2] not in (-1, 1):
            raise CannotCompile(f"{source.target} is neither pointwise nor a matrix product")
        size: Any = args[1]
        before = size * index if isinstance(size, int) else sum(size[:index])
        return self.value(source.args[0], offset + before)

    def slice(self, node: Any, offset: int) -> Expr:
        """Some columns, or all rows."""
        source, dim, start, *rest = (*node.args, 0, 0)[: max(3, len(node.args))]
        if rest[1:] not in ([], [1]):
            raise CannotCompile("a slice with a stride")
        if dim in (-1, 1):
            wide = shape(source)[-1]
            return self.value(source, offset + (start + wide if start < 0 else start))
        if shape(node) != shape(source):
            raise CannotCompile("a slice of the batch")
        return self.value(source, offset)

    def pointwise(self, name: str, node: Any, offset: int) -> Expr:
        """An operation that treats every unit alone."""
        for arg in node.all_input_nodes:
            if arg in self.varies and shape(arg) != shape(node):
                raise CannotCompile(f"{node.target} mixes units or broadcasts a state")
        scale = node.kwargs.get("alpha", 1)
        if set(node.kwargs) - {"alpha"}:
            raise CannotCompile(f"{node.target} with options {dict(node.kwargs)}")
        args = [self.value(arg, offset) for arg in node.args]
        if scale != 1:
            args[-1] = Expr("mul", (args[-1], self.value(scale, 0)))
        if name in DIRECT and len(args) <= 2:
            return Expr(name, tuple(args))
        if name == "rsub":
            return Expr("sub", (args[1], args[0]))
        if name == "lerp":
            return Expr("add", (args[0], Expr("mul", (args[2], Expr("sub", (args[1], args[0]))))))
        if name == "addcmul":
            return Expr("add", (args[0], Expr("mul", (args[1], args[2]))))
        if name == "pow" and node.args[1] == 2:
            return Expr("mul", (args[0], args[0]))
        if name == "square":
            return Expr("mul", (args[0], args[0]))
        if name == "softplus" and len(args) == 1:
            return Expr("softplus", tuple(args))
        raise CannotCompile(f"{node.target} is neither pointwise nor a matrix product")


def shape(node: Any) -> tuple[int, ...]:
    """Of what `node` gave when it was traced."""
    return tuple(node.meta["val"].shape)
