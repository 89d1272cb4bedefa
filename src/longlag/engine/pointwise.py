"""The operations on single numbers that a compiled step may hold, in C."""

# name: value, then the gradient of each argument; {0} {1} arguments, {y} value, {g} its gradient
OPS = {
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
    "log": ("LOG({0})", "{g} / {0}"),
    "sqrt": ("SQRT({0})", "{g} / (2 * {y})"),
    "sin": ("SIN({0})", "{g} * COS({0})"),
    "cos": ("COS({0})", "-{g} * SIN({0})"),
    "abs": ("{0} < 0 ? -{0} : {0}", "{0} > 0 ? {g} : {0} < 0 ? -{g} : 0"),
    "sign": ("({0} > 0) - ({0} < 0)", "0"),
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
}
FUNCTIONS = ("exp", "tanh", "log", "log1p", "sin", "cos", "sqrt")
