"""Operations that only say which number is meant: views, and tensors side by side.

A view maps an index in its result to the node that is read and the index in that; what a linear
function of the loops cannot say is written down.
"""

import math
from typing import TYPE_CHECKING, Any

import torch

from longlag.engine.c_compiler import CannotCompile
from longlag.engine.index import Index, flat_index, unflatten_index
from longlag.engine.ir import Buffer, Expr, Root
from longlag.engine.trace import BATCH, operation_name, shape_of

if TYPE_CHECKING:
    from longlag.engine.lower import Lowering, Position


Read = tuple[Any, list[Index]]  # the node that is read, and the index in it


def broadcast_index(shape: tuple[int, ...], to: tuple[int, ...], index: Any) -> list[Index]:
    """Return the index in a tensor of that shape, which is broadcast to the shape `to`."""
    own = list(index)[len(to) - len(shape) :]
    return [Index() if size == 1 else i for size, i in zip(shape, own, strict=True)]


def copied(node: Any, index: list[Index]) -> Read:
    """Read the same number."""
    return node.args[0], index


def converted(node: Any, index: list[Index]) -> Read:
    """Read the same number as another type: a truth value is 0 or 1."""
    source: Any = node.args[0]
    dtypes = (source.meta["val"].dtype, node.meta["val"].dtype)
    if dtypes[0] != dtypes[1] and dtypes[0] != torch.bool:
        raise CannotCompile(f"{node.target} from {dtypes[0]} to {dtypes[1]}")
    return source, index


def expanded(node: Any, index: list[Index]) -> Read:
    """Read one number for many."""
    source: Any = node.args[0]
    return source, broadcast_index(shape_of(source), shape_of(node), index)


def permuted(node: Any, index: list[Index]) -> Read:
    """Read axes in another order."""
    n, name = len(index), operation_name(node)
    order = [d % n for d in node.args[1]] if name == "permute" else list(range(n))
    if name != "permute" and n > 1:
        a, b = (0, 1) if name == "t" else (d % n for d in node.args[1:3])
        order[a], order[b] = order[b], order[a]
    return node.args[0], [index[order.index(d)] for d in range(n)]


def selected(node: Any, index: list[Index]) -> Read:
    """Read one place on an axis."""
    source, dim, place = node.args
    shape = shape_of(source)
    d = dim % len(shape)
    return source, [*index[:d], Index(place % shape[d]), *index[d:]]


def sliced(node: Any, index: list[Index]) -> Read:
    """Read some places on an axis."""
    given: tuple[Any, ...] = (*node.args, *(0, 0, None, 1)[len(node.args) - 1 :])
    source, dim, start, _, step = given
    shape = shape_of(source)
    d = dim % len(shape)
    if shape_of(node)[d] == shape[d]:
        return source, index
    if shape[d] % BATCH == 0:
        raise CannotCompile("a slice of the batch")
    first = 0 if start is None else start
    first = max(first + shape[d], 0) if first < 0 else first
    index[d] = index[d].times(step) + first
    return source, index


def flipped(node: Any, index: list[Index]) -> Read:
    """Read an axis from its end to its beginning."""
    source, dims = node.args
    shape = shape_of(source)
    for d in (d % len(shape) for d in dims):
        index[d] = index[d].times(-1) + (shape[d] - 1)
    return source, index


def taken(node: Any, index: list[Index]) -> Read:
    """Read one of the pieces that an operation gives."""
    whole, number = node.args
    name = operation_name(whole)
    source, size, dim = (*whole.args, 0, 0)[:3]
    if name == "unbind":
        d = size % len(shape_of(source))
        return source, [*index[:d], Index(number), *index[d:]]
    if name in ("split", "split_with_sizes"):
        d = dim % len(shape_of(source))
        index[d] = index[d] + (size * number if isinstance(size, int) else sum(size[:number]))
        return source, index
    if number == 0 and name in FIRST_OF:
        return whole, index
    raise CannotCompile(f"{whole.target} is neither pointwise, nor a sum over units, nor a product")


def rolled(node: Any, index: list[Index]) -> Read:
    """Refuse: which number is meant is no linear function of the loop."""
    raise CannotCompile(f"{node.target}; write it as a cat of two slices")


def reshaped(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the same numbers in the same order."""
    source: Any = node.args[0]
    shape, place = shape_of(source), flat_index(shape_of(node), list(at.index))
    index = unflatten_index(place, shape, (BATCH, *at.axes))
    if index is not None:
        return lowering.expression_of(source, at.with_index(index))
    first = next((d for d, size in enumerate(shape) if size % BATCH == 0), None)
    if first is None or math.prod(shape[:first]) != 1:
        raise CannotCompile(f"{node.target} moves the sequences of a batch")
    buffer = lowering.write_down(source)
    row = (BATCH, buffer.width)
    index = unflatten_index(place, row, (BATCH, *at.axes))
    if index is None:
        raise CannotCompile(f"{node.target} mixes the sequences of a batch")
    return lowering.load_number(buffer, row, at.with_index(index))


def side_by_side(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return a number of several tensors in one, which is written down."""
    return lowering.load_number(lowering.write_down(node), shape_of(node), at)


def side_by_side_roots(lowering: "Lowering", node: Any, buffer: Buffer) -> list[Root]:
    """Return what `cat` and `stack` put side by side; nothing for other operations."""
    name = operation_name(node)
    if name not in ("cat", "stack"):
        return []
    inputs: Any
    inputs, dim = (*node.args, 0)[:2]
    shape = shape_of(node)
    d = dim % len(shape)
    if shape[0] != BATCH or d == 0:
        raise CannotCompile(f"{node.target} puts sequences side by side")
    found, start, below = [], 0, math.prod(shape[d + 1 :])
    for source in inputs:
        own = shape_of(source)
        sizes = own if name == "cat" else (*own[:d], 1, *own[d:])
        if math.prod(sizes) == 0:
            continue
        strides = tuple(math.prod(shape[i + 1 :]) for i in range(1, len(shape)) if sizes[i] > 1)
        found.append(lowering.whole_tensor(source, buffer, start, strides or (1,)))
        start += sizes[d] * below
    return found


FIRST_OF = ("native_layer_norm", "log_sigmoid_forward")  # the other results are not used
VIEWS = {
    **dict.fromkeys(("alias", "clone", "contiguous", "lift_fresh_copy", "lift_fresh"), copied),
    **dict.fromkeys(("permute", "transpose", "t"), permuted),
    "_to_copy": converted,
    "expand": expanded,
    "select": selected,
    "slice": sliced,
    "flip": flipped,
    "getitem": taken,
    "roll": rolled,
}
WRITTEN = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "unsqueeze", "squeeze"), reshaped),
    **dict.fromkeys(("cat", "stack"), side_by_side),
}
