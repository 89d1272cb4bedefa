"""Operations that join units: sums, means, norms, softmax, and matrix products."""

from typing import TYPE_CHECKING, Any

from longlag.engine.errors import CannotCompile
from longlag.engine.index import Index
from longlag.engine.ir import Expr
from longlag.engine.pointwise import apply
from longlag.engine.trace import BATCH, shape_of

if TYPE_CHECKING:
    from longlag.engine.lower import At, Lowering


def dims_of(node: Any, place: int = 1) -> tuple[int, ...]:
    """Return the axes that `node` reduces its first argument over."""
    n = len(shape_of(node.args[0]))
    given: Any = node.args[place] if len(node.args) > place else node.kwargs.get("dim")
    given = range(n) if given is None or given == [] else given
    return tuple(sorted(d % n for d in ((given,) if isinstance(given, int) else given)))


def full_index(node: Any, at: "At", over: tuple[int, ...]) -> "At":
    """Return the index in what `node` reduces: any, on the axes that it reduces over."""
    n = len(shape_of(node.args[0]))
    rest = iter([i for i in at.index] if len(at.index) < n else [])
    if len(at.index) == n:
        return at.moved([Index() if d in over else i for d, i in enumerate(at.index)])
    return at.moved([Index() if d in over else next(rest) for d in range(n)])


def total(low: "Lowering", node: Any, over: tuple[int, ...], term: Any, key: str) -> Any:
    """Return how to read the sum over `over` of a function `term` of the argument's index."""
    return low.reduced("sum", (node, key), shape_of(node.args[0]), over, term)


def count(node: Any, over: tuple[int, ...]) -> int:
    """Return how many numbers are reduced to one."""
    found = 1
    for d in over:
        found *= shape_of(node.args[0])[d]
    return found


def sum_(low: "Lowering", node: Any, at: "At") -> Expr:
    """The sum over axes."""
    over, x = dims_of(node), node.args[0]
    return total(low, node, over, lambda i: low.value(x, i), "")(full_index(node, at, over))


def mean(low: "Lowering", node: Any, at: "At") -> Expr:
    """The mean over axes."""
    return sum_(low, node, at) / count(node, dims_of(node))


def moments(low: "Lowering", node: Any, over: tuple[int, ...], correction: Any) -> tuple[Any, Any]:
    """Return how to read the mean and the variance over axes."""
    x, n = node.args[0], count(node, over)
    first = total(low, node, over, lambda i: low.value(x, i), "")

    def squared(i: "At") -> Expr:
        off = low.value(x, i) - first(i) / n
        return off * off

    second = total(low, node, over, squared, "squared")
    return (lambda i: first(i) / n), (lambda i: second(i) / (n - correction))


def var(low: "Lowering", node: Any, at: "At") -> Expr:
    """The variance over axes."""
    over = dims_of(node)
    correction: Any = node.kwargs.get("correction", 1)
    variance = moments(low, node, over, 1 if correction is None else correction)[1]
    return variance(full_index(node, at, over))


def std(low: "Lowering", node: Any, at: "At") -> Expr:
    """The standard deviation over axes."""
    return apply("sqrt", var(low, node, at))


def layer_norm(low: "Lowering", node: Any, at: "At") -> Expr:
    """(x - mean) / sqrt(variance + eps), with gain and shift."""
    x, sizes, gain, shift, eps = node.args
    shape = shape_of(x)
    over = tuple(range(len(shape) - len(sizes), len(shape)))
    middle, variance = moments(low, node, over, 0)
    found = (low.value(x, at) - middle(at)) * apply("rsqrt", variance(at) + eps)
    own = at.moved([at.index[d] for d in over])
    found = found if gain is None else found * low.value(gain, own)
    return found if shift is None else found + low.value(shift, own)


def length(low: "Lowering", node: Any, at: "At") -> Expr:
    """The Euclidean norm over axes."""
    x, order = (*node.args, 2)[:2]
    if order != 2:
        raise CannotCompile(f"{node.target} of order {order}")
    over = dims_of(node, 2)

    def squared(i: "At") -> Expr:
        return low.value(x, i) * low.value(x, i)

    return apply("length", total(low, node, over, squared, "")(full_index(node, at, over)))


def largest(low: "Lowering", node: Any, over: tuple[int, ...], sign: int = 1) -> Any:
    """Return how to read the maximum of the argument, or of its negative, without a gradient."""
    x, shape = node.args[0], shape_of(node.args[0])

    def term(i: "At") -> Expr:
        return low.value(x, i) if sign > 0 else -low.value(x, i)

    return low.reduced("max", node, shape, over, term)


def extreme(low: "Lowering", node: Any, at: "At") -> Expr:
    """The largest, or smallest, number; where several are, each has its share of the gradient."""
    over, x = dims_of(node), node.args[0]
    sign = 1 if "amax" in str(node.target) else -1
    top = largest(low, node, over, sign)

    def equal(i: "At") -> Expr:
        return apply("eq", low.value(x, i), top(i) if sign > 0 else -top(i))

    how_many = total(low, node, over, equal, "equal")

    def share(i: "At") -> Expr:
        return apply("where", equal(i), low.value(x, i), 0) / how_many(i)

    return total(low, node, over, share, "share")(full_index(node, at, over))


def exponentials(low: "Lowering", node: Any, over: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return how to read max x, exp(x - max x) and the sum of these."""
    top = largest(low, node, over)

    def term(i: "At") -> Expr:
        return apply("exp", low.value(node.args[0], i) - top(i))

    return top, term, total(low, node, over, term, "exp")


def softmax(low: "Lowering", node: Any, at: "At") -> Expr:
    """exp(x) over its sum along an axis."""
    _, term, whole = exponentials(low, node, dims_of(node))
    return term(at) / whole(at)


def log_softmax(low: "Lowering", node: Any, at: "At") -> Expr:
    """X - log sum exp(x)."""
    top, _, whole = exponentials(low, node, dims_of(node))
    return low.value(node.args[0], at) - top(at) - apply("log", whole(at))


def logsumexp(low: "Lowering", node: Any, at: "At") -> Expr:
    """Log of the sum of exp(x)."""
    over = dims_of(node)
    top, _, whole = exponentials(low, node, over)
    i = full_index(node, at, over)
    return top(i) + apply("log", whole(i))


def glu(low: "Lowering", node: Any, at: "At") -> Expr:
    """The first half times the sigmoid of the second."""
    x, dim = (*node.args, -1)[:2]
    d = dim % len(shape_of(x))
    index = list(at.index)
    index[d] = index[d] + shape_of(node)[d]
    return low.value(x, at) * apply("sigmoid", low.value(x, at.moved(index)))


def matmul(low: "Lowering", node: Any, at: "At") -> Expr:
    """A matrix product: of rows and a fixed weight by a product in C, any other by sums."""
    x, y = node.args[-2:]  # an `addmm` has its bias first
    if node not in low.products:
        one, two = shape_of(x), shape_of(y)
        plain = len(one) == 2 or one[0] == two[0] == 1
        if plain and y not in low.step.varies and one[-2] % BATCH == 0:
            low.product(node, x, y)
        elif plain and x not in low.step.varies and two[-1] == BATCH:
            low.product(node, y, x, turned=True)
        else:
            return contraction(low, node, x, y, at)
    return low.load(low.products[node], shape_of(node), at)


def contraction(low: "Lowering", node: Any, x: Any, y: Any, at: "At") -> Expr:
    """The sum over k of x_ik y_kj, for each of a batch of matrices if there is one."""
    one, two = shape_of(x), shape_of(y)
    front = one[:-2]
    shape = (*front, one[-2], one[-1], two[-1])  # ..., i, k, j

    def term(a: "At") -> Expr:
        *rest, i, k, j = a.index
        return low.value(x, a.moved([*rest, i, k])) * low.value(y, a.moved([*rest, k, j]))

    over = (len(shape) - 2,)
    *rest, i, j = at.index
    return low.reduced("sum", node, shape, over, term)(at.moved([*rest, i, Index(), j]))


def matmul_added(low: "Lowering", node: Any, at: "At") -> Expr:
    """Bias + X W."""
    if node.kwargs:
        raise CannotCompile(f"{node.target} with options {dict(node.kwargs)}")
    return low.argument(node.args[0], node, at) + matmul(low, node, at)


REDUCTIONS: dict[str, Any] = {
    "sum": sum_,
    "mean": mean,
    "var": var,
    "std": std,
    "amax": extreme,
    "amin": extreme,
    "native_layer_norm": layer_norm,
    "linalg_vector_norm": length,
    "_softmax": softmax,
    "_log_softmax": log_softmax,
    "logsumexp": logsumexp,
    "glu": glu,
    "mm": matmul,
    "bmm": matmul,
    "addmm": matmul_added,
    "baddbmm": matmul_added,
}
