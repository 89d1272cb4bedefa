"""Operations that join units: sums, means, norms, softmax, and matrix products."""

import math
from typing import TYPE_CHECKING, Any

from longlag.engine.c_compiler import CannotCompile
from longlag.engine.index import Index
from longlag.engine.ir import Expr
from longlag.engine.pointwise import operate
from longlag.engine.trace import BATCH, shape_of

if TYPE_CHECKING:
    from longlag.engine.lower import Lowering, Position


def dims_of(node: Any, place: int = 1) -> tuple[int, ...]:
    """Return the axes that `node` reduces its first argument over."""
    n = len(shape_of(node.args[0]))
    given: Any = node.args[place] if len(node.args) > place else node.kwargs.get("dim")
    given = range(n) if given is None or given == [] else given
    return tuple(sorted(d % n for d in ((given,) if isinstance(given, int) else given)))


def full_index(node: Any, at: "Position", over: tuple[int, ...]) -> "Position":
    """Return the index in what `node` reduces: any, on the axes that it reduces over."""
    n = len(shape_of(node.args[0]))
    rest = iter([i for i in at.index] if len(at.index) < n else [])
    if len(at.index) == n:
        return at.with_index([Index() if d in over else i for d, i in enumerate(at.index)])
    return at.with_index([Index() if d in over else next(rest) for d in range(n)])


def read_sum(lowering: "Lowering", node: Any, over: tuple[int, ...], term: Any, key: str) -> Any:
    """Return how to read the sum over `over` of a function `term` of the argument's index."""
    return lowering.add_reduction("sum", (node, key), shape_of(node.args[0]), over, term)


def reduced_count(node: Any, over: tuple[int, ...]) -> int:
    """Return how many numbers are reduced to one."""
    return math.prod(shape_of(node.args[0])[d] for d in over)


def sum_over(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the sum over axes."""
    over, x = dims_of(node), node.args[0]
    return read_sum(lowering, node, over, lambda i: lowering.expression_of(x, i), "")(
        full_index(node, at, over)
    )


def mean_over(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the mean over axes."""
    return sum_over(lowering, node, at) / reduced_count(node, dims_of(node))


def mean_and_variance(
    lowering: "Lowering", node: Any, over: tuple[int, ...], correction: Any
) -> tuple[Any, Any]:
    """Return how to read the mean and the variance over axes."""
    x, n = node.args[0], reduced_count(node, over)
    first = read_sum(lowering, node, over, lambda i: lowering.expression_of(x, i), "")

    def squared(i: "Position") -> Expr:
        off = lowering.expression_of(x, i) - first(i) / n
        return off * off

    second = read_sum(lowering, node, over, squared, "squared")
    return (lambda i: first(i) / n), (lambda i: second(i) / (n - correction))


def variance_over(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the variance over axes."""
    over = dims_of(node)
    correction: Any = node.kwargs.get("correction", 1)
    variance = mean_and_variance(lowering, node, over, 1 if correction is None else correction)[1]
    return variance(full_index(node, at, over))


def deviation_over(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the standard deviation over axes."""
    return operate("sqrt", variance_over(lowering, node, at))


def layer_norm(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return (x - mean) / sqrt(variance + eps), with gain and shift."""
    x, sizes, gain, shift, eps = node.args
    shape = shape_of(x)
    over = tuple(range(len(shape) - len(sizes), len(shape)))
    middle, variance = mean_and_variance(lowering, node, over, 0)
    found = (lowering.expression_of(x, at) - middle(at)) * operate("rsqrt", variance(at) + eps)
    own = at.with_index([at.index[d] for d in over])
    found = found if gain is None else found * lowering.expression_of(gain, own)
    return found if shift is None else found + lowering.expression_of(shift, own)


def euclidean_norm(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the Euclidean norm over axes."""
    x, order = (*node.args, 2)[:2]
    if order != 2:
        raise CannotCompile(f"{node.target} of order {order}")
    over = dims_of(node, 2)

    def squared(i: "Position") -> Expr:
        return lowering.expression_of(x, i) * lowering.expression_of(x, i)

    return operate(
        "length", read_sum(lowering, node, over, squared, "")(full_index(node, at, over))
    )


def read_maximum(lowering: "Lowering", node: Any, over: tuple[int, ...], sign: int = 1) -> Any:
    """Return how to read the maximum of the argument, or of its negative, without a gradient."""
    x, shape = node.args[0], shape_of(node.args[0])

    def term(i: "Position") -> Expr:
        return lowering.expression_of(x, i) if sign > 0 else -lowering.expression_of(x, i)

    return lowering.add_reduction("max", node, shape, over, term)


def extreme_over(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the largest or smallest number; several of them share the gradient."""
    over, x = dims_of(node), node.args[0]
    sign = 1 if "amax" in str(node.target) else -1
    top = read_maximum(lowering, node, over, sign)

    def equal(i: "Position") -> Expr:
        return operate("eq", lowering.expression_of(x, i), top(i) if sign > 0 else -top(i))

    how_many = read_sum(lowering, node, over, equal, "equal")

    def share(i: "Position") -> Expr:
        return operate("where", equal(i), lowering.expression_of(x, i), 0) / how_many(i)

    return read_sum(lowering, node, over, share, "share")(full_index(node, at, over))


def shifted_exponentials(
    lowering: "Lowering", node: Any, over: tuple[int, ...]
) -> tuple[Any, Any, Any]:
    """Return how to read max x, exp(x - max x) and the sum of these."""
    top = read_maximum(lowering, node, over)

    def term(i: "Position") -> Expr:
        return operate("exp", lowering.expression_of(node.args[0], i) - top(i))

    return top, term, read_sum(lowering, node, over, term, "exp")


def softmax(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return exp(x) over its sum along an axis."""
    _, term, whole = shifted_exponentials(lowering, node, dims_of(node))
    return term(at) / whole(at)


def log_softmax(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return x - log sum exp(x)."""
    top, _, whole = shifted_exponentials(lowering, node, dims_of(node))
    return lowering.expression_of(node.args[0], at) - top(at) - operate("log", whole(at))


def logsumexp(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the logarithm of the sum of exp(x)."""
    over = dims_of(node)
    top, _, whole = shifted_exponentials(lowering, node, over)
    i = full_index(node, at, over)
    return top(i) + operate("log", whole(i))


def glu(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return the first half times the sigmoid of the second."""
    x, dim = (*node.args, -1)[:2]
    d = dim % len(shape_of(x))
    index = list(at.index)
    index[d] = index[d] + shape_of(node)[d]
    return lowering.expression_of(x, at) * operate(
        "sigmoid", lowering.expression_of(x, at.with_index(index))
    )


def matrix_product(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return a matrix product: of rows and a fixed weight by a product in C, any other by sums."""
    x, y = node.args[-2:]  # an `addmm` has its bias first
    if node not in lowering.products:
        one, two = shape_of(x), shape_of(y)
        plain = len(one) == 2 or one[0] == two[0] == 1
        if plain and y not in lowering.step.varies and one[-2] % BATCH == 0:
            lowering.add_product(node, x, y)
        elif plain and x not in lowering.step.varies and two[-1] == BATCH:
            lowering.add_product(node, y, x, turned=True)
        else:
            return product_by_sums(lowering, node, x, y, at)
    return lowering.load_number(lowering.products[node], shape_of(node), at)


def product_by_sums(lowering: "Lowering", node: Any, x: Any, y: Any, at: "Position") -> Expr:
    """Return the sum over k of x_ik y_kj, for each of a batch of matrices if there is one."""
    one, two = shape_of(x), shape_of(y)
    front = one[:-2]
    shape = (*front, one[-2], one[-1], two[-1])  # ..., i, k, j

    def term(a: "Position") -> Expr:
        *rest, i, k, j = a.index
        return lowering.expression_of(x, a.with_index([*rest, i, k])) * lowering.expression_of(
            y, a.with_index([*rest, k, j])
        )

    over = (len(shape) - 2,)
    *rest, i, j = at.index
    return lowering.add_reduction("sum", node, shape, over, term)(
        at.with_index([*rest, i, Index(), j])
    )


def matrix_product_added(lowering: "Lowering", node: Any, at: "Position") -> Expr:
    """Return bias + X W."""
    if node.kwargs:
        raise CannotCompile(f"{node.target} with options {dict(node.kwargs)}")
    return lowering.broadcast_argument(node.args[0], node, at) + matrix_product(lowering, node, at)


REDUCTIONS: dict[str, Any] = {
    "sum": sum_over,
    "mean": mean_over,
    "var": variance_over,
    "std": deviation_over,
    "amax": extreme_over,
    "amin": extreme_over,
    "native_layer_norm": layer_norm,
    "linalg_vector_norm": euclidean_norm,
    "_softmax": softmax,
    "_log_softmax": log_softmax,
    "logsumexp": logsumexp,
    "glu": glu,
    "mm": matrix_product,
    "bmm": matrix_product,
    "addmm": matrix_product_added,
    "baddbmm": matrix_product_added,
}
