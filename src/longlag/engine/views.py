"""Operations that only say which number is meant: views, and tensors side by side."""

import math
from typing import TYPE_CHECKING, Any

import torch

from longlag.engine.errors import CannotCompile
from longlag.engine.index import Index, flat, unflatten
from longlag.engine.ir import Buffer, Expr, Root
from longlag.engine.trace import BATCH, operation, shape_of

if TYPE_CHECKING:
    from longlag.engine.lower import At, Lowering


def spread(shape: tuple[int, ...], to: tuple[int, ...], index: Any) -> list[Index]:
    """Return the index in a tensor of that shape, which is broadcast to the shape `to`."""
    own = list(index)[len(to) - len(shape) :]
    return [Index() if size == 1 else i for size, i in zip(shape, own, strict=True)]


def same(low: "Lowering", node: Any, at: "At") -> Expr:
    """What a node is a copy of."""
    return low.value(node.args[0], at)


def converted(low: "Lowering", node: Any, at: "At") -> Expr:
    """The same number as another type: a truth value is 0 or 1."""
    source: Any = node.args[0]
    dtypes = (source.meta["val"].dtype, node.meta["val"].dtype)
    if dtypes[0] != dtypes[1] and dtypes[0] != torch.bool:
        raise CannotCompile(f"{node.target} from {dtypes[0]} to {dtypes[1]}")
    return low.value(source, at)


def reshaped(low: "Lowering", node: Any, at: "At") -> Expr:
    """The same numbers in the same order."""
    source: Any = node.args[0]
    shape, place = shape_of(source), flat(shape_of(node), list(at.index))
    index = unflatten(place, shape, (BATCH, *at.axes))
    if index is not None:
        return low.value(source, at.moved(index))
    first = next((d for d, size in enumerate(shape) if size % BATCH == 0), None)
    if first is None or math.prod(shape[:first]) != 1:
        raise CannotCompile(f"{node.target} moves the sequences of a batch")
    buffer = low.written(source)
    row = (BATCH, buffer.width)
    index = unflatten(place, row, (BATCH, *at.axes))
    if index is None:
        raise CannotCompile(f"{node.target} mixes the sequences of a batch")
    return low.load(buffer, row, at.moved(index))


def expanded(low: "Lowering", node: Any, at: "At") -> Expr:
    """One number for many."""
    source: Any = node.args[0]
    return low.value(source, at.moved(spread(shape_of(source), shape_of(node), at.index)))


def permuted(low: "Lowering", node: Any, at: "At") -> Expr:
    """Axes in another order."""
    source: Any = node.args[0]
    n = len(shape_of(source))
    order = list(range(n))
    if operation(node) == "permute":
        order = [d % n for d in node.args[1]]
    else:
        a, b = (0, 1) if operation(node) == "t" else (d % n for d in node.args[1:3])
        if n > 1:
            order[a], order[b] = order[b], order[a]
    index = [Index()] * n
    for i, d in zip(at.index, order, strict=True):
        index[d] = i
    return low.value(source, at.moved(index))


def selected(low: "Lowering", node: Any, at: "At") -> Expr:
    """One place on an axis."""
    source, dim, place = node.args
    shape = shape_of(source)
    d = dim % len(shape)
    index = list(at.index)
    index.insert(d, Index(place % shape[d]))
    return low.value(source, at.moved(index))


def sliced(low: "Lowering", node: Any, at: "At") -> Expr:
    """Some places on an axis."""
    given: tuple[Any, ...] = (*node.args, *(0, 0, None, 1)[len(node.args) - 1 :])
    source, dim, start, _, step = given
    shape = shape_of(source)
    d = dim % len(shape)
    if shape_of(node)[d] == shape[d]:
        return low.value(source, at)
    if shape[d] % BATCH == 0:
        raise CannotCompile("a slice of the batch")
    first = 0 if start is None else start
    first = max(first + shape[d], 0) if first < 0 else first
    index = list(at.index)
    index[d] = index[d].times(step) + first
    return low.value(source, at.moved(index))


def flipped(low: "Lowering", node: Any, at: "At") -> Expr:
    """An axis from its end to its beginning."""
    source, dims = node.args
    shape, index = shape_of(source), list(at.index)
    for d in (d % len(shape) for d in dims):
        index[d] = index[d].times(-1) + (shape[d] - 1)
    return low.value(source, at.moved(index))


def part(low: "Lowering", node: Any, at: "At") -> Expr:
    """One of the pieces that an operation gives."""
    whole, number = node.args
    name = operation(whole)
    source, size, dim = (*whole.args, 0, 0)[:3]
    if name == "unbind":
        d, index = size % len(shape_of(source)), list(at.index)
        index.insert(d, Index(number))
        return low.value(source, at.moved(index))
    if name in ("split", "split_with_sizes"):
        d, index = dim % len(shape_of(source)), list(at.index)
        before = size * number if isinstance(size, int) else sum(size[:number])
        index[d] = index[d] + before
        return low.value(source, at.moved(index))
    if number == 0 and name in FIRST_OF:
        return low.value(whole, at)
    raise CannotCompile(f"{whole.target} is neither pointwise, nor a sum over units, nor a product")


def side_by_side(low: "Lowering", node: Any, at: "At") -> Expr:
    """Tensors in one, which is written down."""
    return low.load(low.written(node), shape_of(node), at)


def parts(low: "Lowering", node: Any, buffer: Buffer) -> list[Root]:
    """Return what `cat` and `stack` put side by side; nothing for other operations."""
    name = operation(node)
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
        found.append(low.root(source, buffer, start, strides or (1,)))
        start += sizes[d] * below
    return found


def rolled(low: "Lowering", node: Any, at: "At") -> Expr:
    """Refuse: which number is meant is no linear function of the loop."""
    raise CannotCompile(f"{node.target}; write it as a cat of two slices")


FIRST_OF = ("native_layer_norm", "log_sigmoid_forward")  # the other results are not used
VIEWS = {
    **dict.fromkeys(("alias", "clone", "contiguous", "lift_fresh_copy", "lift_fresh"), same),
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "unsqueeze", "squeeze"), reshaped),
    **dict.fromkeys(("permute", "transpose", "t"), permuted),
    **dict.fromkeys(("cat", "stack"), side_by_side),
    "_to_copy": converted,
    "expand": expanded,
    "select": selected,
    "slice": sliced,
    "flip": flipped,
    "getitem": part,
    "roll": rolled,
}
