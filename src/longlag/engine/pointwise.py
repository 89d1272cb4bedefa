"""The operations on single numbers: those that C has, and torch's as expressions of them."""

import math
from collections.abc import Callable
from typing import Any

from longlag.engine.ir import Expr, as_expression

# name: value, then the gradient of each argument; {0} {1} arguments, {y} value, {g} its gradient;
# an argument without a gradient has None
OPERATIONS: dict[str, tuple[str | None, ...]] = {
    "add": ("{0} + {1}", "{g}", "{g}"),
    "sub": ("{0} - {1}", "{g}", "-{g}"),
    "mul": ("{0} * {1}", "{g} * {1}", "{g} * {0}"),
    "div": ("{0} / {1}", "{g} / {1}", "-{g} * {y} / {1}"),
    "neg": ("-{0}", "-{g}"),
    "reciprocal": ("1 / {0}", "-{g} * {y} * {y}"),
    "sigmoid": ("1 / (1 + EXP(-{0}))", "{g} * {y} * (1 - {y})"),
    "tanh": ("TANH({0})", "{g} * (1 - {y} * {y})"),
    "relu": ("{0} <= 0 ? 0 : {0}", "{y} > 0 ? {g} : 0"),
    "exp": ("EXP({0})", "{g} * {y}"),
    "expm1": ("EXPM1({0})", "{g} * ({y} + 1)"),
    "log": ("LOG({0})", "{g} / {0}"),
    "log1p": ("LOG1P({0})", "{g} / ({0} + 1)"),
    "sqrt": ("SQRT({0})", "{g} / (2 * {y})"),
    "rsqrt": ("1 / SQRT({0})", "(R)-0.5 * {g} * {y} * {y} * {y}"),
    "length": ("SQRT({0})", "{y} > 0 ? {g} / (2 * {y}) : 0"),  # of a vector, whose 0 has gradient 0
    "sin": ("SIN({0})", "{g} * COS({0})"),
    "cos": ("COS({0})", "-{g} * SIN({0})"),
    "tan": ("TAN({0})", "{g} * (1 + {y} * {y})"),
    "atan": ("ATAN({0})", "{g} / (1 + {0} * {0})"),
    "sinh": ("SINH({0})", "{g} * COSH({0})"),
    "cosh": ("COSH({0})", "{g} * SINH({0})"),
    "hardsigmoid": (  # torch has its gradient in single precision
        "{0} <= -3 ? 0 : {0} >= 3 ? 1 : {0} / 6 + (R)0.5",
        "{0} > -3 && {0} < 3 ? {g} * (1.0f / 6.0f) : 0",
    ),
    "erf": ("ERF({0})", f"{{g}} * (R){2 / math.sqrt(math.pi)!r} * EXP(-{{0}} * {{0}})"),
    "pow": (
        "POW({0}, {1})",
        "{1} == 0 ? 0 : {g} * {1} * POW({0}, {1} - 1)",
        "{0} == 0 && {1} >= 0 ? 0 : {g} * {y} * LOG({0})",
    ),
    "abs": ("{0} < 0 ? -{0} : {0}", "{0} > 0 ? {g} : {0} < 0 ? -{g} : 0"),
    "sign": ("({0} > 0) - ({0} < 0)", None),
    "floor": ("FLOOR({0})", None),
    "ceil": ("CEIL({0})", None),
    "trunc": ("TRUNC({0})", None),
    "round": ("RINT({0})", None),
    "maximum": (
        "{0} > {1} || {0} != {0} ? {0} : {1}",
        "{0} > {1} ? {g} : {0} == {1} ? {g} / 2 : 0",
        "{1} > {0} ? {g} : {0} == {1} ? {g} / 2 : 0",
    ),
    "minimum": (
        "{0} < {1} || {0} != {0} ? {0} : {1}",
        "{0} < {1} ? {g} : {0} == {1} ? {g} / 2 : 0",
        "{1} < {0} ? {g} : {0} == {1} ? {g} / 2 : 0",
    ),
    "softplus": ("{0} > 20 ? {0} : LOG1P(EXP({0}))", "{0} > 20 ? {g} : {g} / (1 + EXP(-{0}))"),
    "gt": ("{0} > {1}", None, None),
    "ge": ("{0} >= {1}", None, None),
    "lt": ("{0} < {1}", None, None),
    "le": ("{0} <= {1}", None, None),
    "eq": ("{0} == {1}", None, None),
    "ne": ("{0} != {1}", None, None),
    "logical_not": ("{0} == 0", None),
    "logical_and": ("{0} != 0 && {1} != 0", None, None),
    "logical_or": ("{0} != 0 || {1} != 0", None, None),
    "where": ("{0} != 0 ? {1} : {2}", None, "{0} != 0 ? {g} : 0", "{0} != 0 ? 0 : {g}"),
    "detach": ("{0}", None),
}
FUNCTIONS = ("exp", "expm1", "tanh", "log", "log1p", "sin", "cos", "tan", "atan", "sinh", "cosh")
FUNCTIONS += ("erf", "pow", "sqrt", "floor", "ceil", "trunc", "rint")
INSTRUCTIONS = ("sqrt", "floor", "ceil", "trunc", "rint")  # no functions of a library


def operate(op: str, *args: Expr | float | int) -> Expr:
    """Return one of `OPERATIONS` on expressions or numbers."""
    return Expr(op, tuple(map(as_expression, args)))


def silu(x: Expr) -> Expr:
    """Return x sigmoid(x)."""
    return x * operate("sigmoid", x)


def gelu(x: Expr, approximate: str = "none") -> Expr:
    """Return x Phi(x), or its form with tanh (Hendrycks & Gimpel 2016)."""
    if approximate == "tanh":
        inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
        return x * (operate("tanh", inner) + 1) * 0.5
    return x * (operate("erf", x * math.sqrt(0.5)) + 1) * 0.5


def elu(x: Expr, alpha: Any = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Expr:
    """Scale x, or scale alpha (exp(input_scale x) - 1) where x <= 0."""
    positive = operate("gt", x, 0)
    below = operate("expm1", operate("where", positive, 0, x) * input_scale)  # never of a large x
    return operate("where", positive, x * scale, below * alpha * scale)


def clamp(x: Expr, low: Any = None, high: Any = None) -> Expr:
    """Hold x within bounds; a bound itself has x's gradient."""
    if low is not None:
        x = operate("where", operate("lt", x, low), low, x)
    return x if high is None else operate("where", operate("gt", x, high), high, x)


def hardtanh(x: Expr, low: Any = -1.0, high: Any = 1.0) -> Expr:
    """Hold x within bounds, as `clamp`; but a bound itself has no gradient."""
    above = operate("where", operate("ge", x, high), high, x)
    return operate("where", operate("le", x, low), low, above)


def softplus(x: Expr, beta: Any = 1.0, threshold: Any = 20.0) -> Expr:
    """Return log(1 + exp(beta x)) / beta, or x where that is beyond a threshold of 20."""
    if threshold.number != 20.0 if isinstance(threshold, Expr) else threshold != 20.0:
        raise TypeError("another threshold than 20")
    return operate("softplus", x * beta) / beta


def power(x: Expr, exponent: Expr) -> Expr:
    """Raise x to a power; to the usual ones without a function of a library."""
    short = {
        0.0: as_expression(1),
        1.0: x,
        2.0: x * x,
        3.0: x * x * x,
        -1.0: operate("reciprocal", x),
    }
    short |= {0.5: operate("sqrt", x), -0.5: operate("rsqrt", x)}
    if exponent.op == "number" and exponent.number in short:
        return short[exponent.number]
    return operate("pow", x, exponent)


def with_alpha(function: Callable[[Expr, Expr], Expr]) -> Callable[..., Expr]:
    """Return `function` of x and alpha y, as torch's add and sub take it."""
    return lambda x, y, alpha=1: function(x, y if alpha == 1 else y * alpha)


# torch's operation: an expression of its arguments; those of OPERATIONS are their own
TORCH: dict[str, Callable[..., Expr]] = {
    **{
        name: lambda *args, name=name: operate(name, *args)
        for name, rules in OPERATIONS.items()
        if name not in ("softplus", "pow", "length", "add", "sub")
    },
    "add": with_alpha(lambda x, y: x + y),
    "sub": with_alpha(lambda x, y: x - y),
    "rsub": lambda x, y, alpha=1: y - (x if alpha == 1 else x * alpha),
    "silu": silu,
    "gelu": gelu,
    "elu": elu,
    "clamp": clamp,
    "clamp_min": clamp,
    "clamp_max": lambda x, high: clamp(x, None, high),
    "hardtanh": hardtanh,
    "hardswish": lambda x: x * hardtanh(x / 6 + 0.5, 0.0, 1.0),
    "celu": lambda x, alpha=1.0: elu(x, alpha, 1.0, as_expression(1) / alpha),
    "softplus": softplus,
    "mish": lambda x: x * operate("tanh", softplus(x)),
    "leaky_relu": lambda x, slope=0.01: operate("where", operate("gt", x, 0), x, x * slope),
    "log_sigmoid_forward": lambda x: -softplus(-x),
    "square": lambda x: x * x,
    "pow": power,
    "lerp": lambda x, y, weight: x + as_expression(weight) * (y - x),
    "addcmul": lambda x, y, z, value=1: x + y * z * value,
    "addcdiv": lambda x, y, z, value=1: x + y / z * value,
    "masked_fill": lambda x, mask, value: operate("where", mask, value, x),
    "bitwise_not": lambda x: operate("logical_not", x),
    "bitwise_and": lambda x, y: operate("logical_and", x, y),
    "bitwise_or": lambda x, y: operate("logical_or", x, y),
    "copy": lambda _, y: y,
}
