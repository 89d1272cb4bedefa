"""A cell's step as a graph of torch's operations, and what of it depends on the weights alone."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from longlag.cells.base import Cell
from longlag.engine.c_compiler import CannotCompile

# Sequences in the trace: a prime, so that no other size of a tensor is a multiple of it by chance.
BATCH = 1009


class _Step(nn.Module):
    """`cell.step`, as a module whose forward it is."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, u: Tensor, *s: Tensor) -> tuple[Tensor, ...]:
        """Compute s_t of u_t and s_(t-1)."""
        return tuple(self.cell.step(u, self.cell.State(*s)))


class StepGraph:
    """The operations of a step, from u_t, s_(t-1) and the weights to s_t.

    Raises:
        CannotCompile: a state that is not real, or a step that cannot be traced.
    """

    def __init__(self, cell: Cell, u_width: int) -> None:
        self.state = [leaf.detach() for leaf in cell.init_state(BATCH)]
        for name, leaf in zip(cell.State._fields, self.state, strict=True):
            if not leaf.is_floating_point() or leaf.dim() < 2:
                raise CannotCompile(f"its state {name} is not real, or has no axis of units")
        self.weights = weights_of(cell)
        self.graph = trace_step(_Step(cell), self.state, self.weights, u_width)
        given = [node for node in self.graph.nodes if node.op == "placeholder"]
        self.u, self.before = given[0], given[1 : 1 + len(self.state)]
        self.weight_nodes = dict(zip(given[1 + len(self.state) :], self.weights, strict=True))
        self.after: tuple[fx.Node, ...] = next(
            node for node in self.graph.nodes if node.op == "output"
        ).args[0]
        self.varies: set[fx.Node] = {self.u, *self.before}
        for node in self.graph.nodes:
            if any(arg in self.varies for arg in node.all_input_nodes):
                self.varies.add(node)

    def fixed_part(self, wanted: list[fx.Node]) -> fx.GraphModule:
        """Return what computes the `wanted` values, which do not change with time, from weights."""
        graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
        for node in self.graph.nodes:
            if node.op == "placeholder" and node not in self.weight_nodes:
                continue
            if node.op != "output" and node not in self.varies:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[node] for node in wanted))
        graph.eliminate_dead_code()
        return fx.GraphModule(self.graph.owning_module or nn.Module(), graph)


def weights_of(cell: Cell) -> dict[str, Tensor]:
    """Return the parameters and buffers of `cell` by name."""
    return dict(cell.named_parameters()) | dict(cell.named_buffers())


def trace_step(
    step: nn.Module, state: list[Tensor], weights: dict[str, Tensor], u_width: int
) -> fx.Graph:
    """Return the graph of `step`, without operations that write to what they are given."""
    from torch.fx.experimental.proxy_tensor import make_fx  # slow to import, so only when used

    def call(u: Tensor, s: list[Tensor], values: list[Tensor]) -> tuple[Tensor, ...]:
        named = {f"cell.{name}": v for name, v in zip(weights, values, strict=True)}
        return torch.func.functional_call(step, named, (u, *s))

    u = state[0].new_zeros(BATCH, u_width)
    values = [v.detach() for v in weights.values()]
    graph = make_fx(torch.func.functionalize(call))(u, state, values).graph
    graph.eliminate_dead_code()
    return graph


def shape_of(node: Any) -> tuple[int, ...]:
    """Return the shape of what `node` gave when it was traced, or of the first thing it gave."""
    value = node.meta["val"]
    return tuple((value[0] if isinstance(value, tuple | list) else value).shape)


def operation_name(node: fx.Node) -> str:
    """Return the name of torch's operation without its overload, such as `add`.

    Raises:
        CannotCompile: it writes to a tensor that is read elsewhere, too.
    """
    target: Any = getattr(node.target, "overloadpacket", node.target)
    name = getattr(target, "__name__", str(target))
    if not name.endswith("_") or name.endswith("__"):
        return name
    if len(node.all_input_nodes[0].users) > 1:
        raise CannotCompile(f"{node.target} writes to a tensor that is read elsewhere, too")
    return name.removesuffix("_")
