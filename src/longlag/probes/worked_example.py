"""A recurrence worked by hand: one unit, four steps, every gate and every gradient in numbers."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from longlag.cells import GRU, LSTM, Cell, Elman
from longlag.cells.base import gates_by_letter
from longlag.engine import unroll
from longlag.errors import LonglagError
from longlag.probes.taps import zero_taps

INPUTS = (1.0, -0.5, 0.25, 0.8)  # x_1 .. x_4
TARGET = 1.0  # L = (h_4 - 1)^2 / 2

Values = dict[str, float]


class Weights(NamedTuple):
    """Of one gate: squash(U h_(t-1) + W x_t + b)."""

    U: float
    W: float
    b: float


class Worked(NamedTuple):
    """What happened: at place t - 1, step t."""

    name: str
    steps: list[Values]  # gates and states, by letter
    gradients: list[Values]  # dL/ds_t by the letter of the state, the other parts held fixed


class Recipe(NamedTuple):
    """A cell to explain and how its equations are told."""

    title: str
    cell: type[Cell]
    order: str  # the gates in the order of the cell's rows
    weights: dict[str, Weights]
    tell: Callable[[int, Values, Values], list[str]]  # step t, its values, those before
    back: str  # the recursion of the gradient
    chain: Callable[[int, Values, Values, Values], list[str]]  # t, values, before, dL/ds_t


def example(name: str) -> Worked:
    """Run the worked example in float64; gradients by taps.

    Raises:
        LonglagError: there is no example of that name.
    """
    if name not in RECIPES:
        raise LonglagError(f"nothing to explain about {name!r}: choose {', '.join(RECIPES)}")
    cell = _built(RECIPES[name])
    x = torch.tensor(INPUTS, dtype=torch.float64).view(-1, 1, 1)
    start = cell.init_state(1)
    taps = zero_taps(cell, len(x), 1)
    run = unroll(cell, x, start, taps=taps, backend="loop")
    loss = (run.states.h[-1] - TARGET).square().sum() / 2
    grads = torch.autograd.grad(loss, tuple(taps), materialize_grads=True)
    letters = cell.State._fields
    steps, s = [], start
    for t, u in enumerate(cell.project(x)):
        now = type(s)(*(leaf[t] for leaf in run.states))
        gates = {k.rstrip("~"): v for k, v in gates_by_letter(cell.gates(u, s)).items()}
        steps.append(_floats(gates) | _floats(now._asdict()))
        s = now
    gradients = [
        _floats({k: g[t] for k, g in zip(letters, grads, strict=True)}) for t in range(len(x))
    ]
    return Worked(name, steps, gradients)


def render(worked: Worked) -> str:
    """Render the example as text: forwards through the equations, then backwards."""
    recipe = RECIPES[worked.name]
    before = dict.fromkeys(worked.gradients[0], 0.0)
    zero = " = ".join(f"{letter}_0" for letter in before)
    lines = [
        f"{recipe.title}: one input, one unit, four steps",
        f"  {zero} = 0    L = (h_4 - {TARGET:g})^2 / 2    numbers are rounded to four places",
    ]
    back = []
    for t, (now, gradient) in enumerate(zip(worked.steps, worked.gradients, strict=True), 1):
        lines += ["", f"step {t}, x_{t} = {INPUTS[t - 1]:g}"]
        lines += [f"  {line}" for line in recipe.tell(t, now, before)]
        if t > 1:
            back = recipe.chain(t, now, before, gradient) + back
        before = now
    last, loss = worked.gradients[-1], (worked.steps[-1]["h"] - TARGET) ** 2 / 2
    lines += ["", f"L = ({worked.steps[-1]['h']:.4f} - {TARGET:g})^2 / 2 = {loss:.4f}", ""]
    lines += [f"backwards: {recipe.back}"]
    lines += [f"  dL/dh_4 = h_4 - {TARGET:g} = {last['h']:+.4f}"]
    if "c" in last:
        lines += [f"  dL/dc_4 = {last['c']:+.4f}, h_4 held fixed: no later step reads c_4"]
        lines += ["  dL/dh_t, the other factor, is in the table below"]
    lines += [f"  {line}" for line in back]
    lines += ["", "measured by taps (a zero added to each state, whose gradient is dL/ds_t)"]
    lines += ["  t " + "".join(f"  {'dL/d' + k + '_t':>9}" for k in last)]
    for t, gradient in enumerate(worked.gradients, 1):
        lines += [f"  {t} " + "".join(f"  {value:>+9.4f}" for value in gradient.values())]
    return "\n".join(lines)


def run(name: str) -> int:
    """Print the worked example of `lstm`, `rnn` or `gru`; the exit status."""
    print(render(example(name)))
    return 0


def _built(recipe: Recipe) -> Any:
    """Build the cell of one unit with the weights of the recipe."""
    cell: Any = recipe.cell(1, 1).double()
    rows = [recipe.weights[gate] for gate in recipe.order.split()]
    exact = partial(torch.tensor, dtype=torch.float64)
    with torch.no_grad():
        cell.W_h.weight.copy_(exact([[row.U] for row in rows]))
        cell.W_x.weight.copy_(exact([[row.W] for row in rows]))
        cell.W_x.bias.copy_(exact([row.b for row in rows]))
        if recipe.cell is GRU:
            cell.b_U.fill_(B_U)
    return cell


def _floats(values: dict[str, Tensor]) -> Values:
    return {letter: value.item() for letter, value in values.items()}


def _gate(letter: str, squash: str, row: Weights, t: int, now: Values, before: Values) -> str:
    """Tell one gate: its equation, its pre-activation, its value."""
    a = row.U * before["h"] + row.W * INPUTS[t - 1] + row.b
    sum_ = f"{row.U:g} h_{t - 1} {row.W:+g} x_{t} {row.b:+g}"
    return f"{letter + f'_{t}':<4} = {squash}({sum_}) = {squash}({a:+.4f}) = {now[letter]:.4f}"


def _tell_rnn(t: int, now: Values, before: Values) -> list[str]:
    return [_gate("h", "tanh", RNN["h"], t, now, before)]


def _chain_rnn(t: int, now: Values, before: Values, g: Values) -> list[str]:
    U, slope = RNN["h"].U, 1 - now["h"] ** 2
    return [
        f"dL/dh_{t - 1} = {g['h']:+.4f} * {slope:.4f} * {U:g} = {g['h'] * slope * U:+.4f}"
        f"    dh_{t}/dh_{t - 1} = {slope * U:+.4f}"
    ]


def _tell_lstm(t: int, now: Values, before: Values) -> list[str]:
    f, i, g, o, c = (now[k] for k in ("f", "i", "g", "o", "c"))
    c_is = f"{f:.4f} * {before['c']:.4f} + {i:.4f} * {g:.4f}"
    return [
        _gate("f", "sigmoid", LSTM_["f"], t, now, before),
        _gate("i", "sigmoid", LSTM_["i"], t, now, before),
        _gate("g", "tanh", LSTM_["g"], t, now, before),
        f"{f'c_{t}':<4} = f_{t} c_{t - 1} + i_{t} g_{t} = {c_is} = {c:.4f}",
        _gate("o", "sigmoid", LSTM_["o"], t, now, before),
        f"{f'h_{t}':<4} = o_{t} tanh(c_{t}) = {o:.4f} * tanh({c:.4f}) = {now['h']:.4f}",
    ]


def _chain_lstm(t: int, now: Values, before: Values, g: Values) -> list[str]:
    path = now["o"] * (1 - torch.tensor(now["c"]).tanh().item() ** 2)
    value = now["f"] * (g["c"] + g["h"] * path)
    return [
        f"dL/dc_{t - 1} = {now['f']:.4f} * ({g['c']:+.4f} {g['h']:+.4f} * {path:.4f})"
        f" = {value:+.4f}    dc_{t}/dc_{t - 1} = f_{t} = {now['f']:.4f}"
    ]


def _tell_gru(t: int, now: Values, before: Values) -> list[str]:
    z, r, new = now["z"], now["r"], now["n"]
    U, W, b = GRU_["n"]
    h, x = before["h"], INPUTS[t - 1]
    inside = f"{W:g} x_{t} {b:+g} + r_{t} ({U:g} h_{t - 1} {B_U:+g})"
    mix = f"{1 - z:.4f} * {new:.4f} + {z:.4f} * {h:.4f}"
    return [
        _gate("z", "sigmoid", GRU_["z"], t, now, before),
        _gate("r", "sigmoid", GRU_["r"], t, now, before),
        f"{f'n_{t}':<4} = tanh({inside}) = tanh({W * x + b + r * (U * h + B_U):+.4f}) = {new:.4f}",
        f"{f'h_{t}':<4} = (1 - z_{t}) n_{t} + z_{t} h_{t - 1} = {mix} = {now['h']:.4f}",
    ]


def _chain_gru(t: int, now: Values, before: Values, g: Values) -> list[str]:
    z, r, new, h = now["z"], now["r"], now["n"], before["h"]
    U_z, U_r, U = GRU_["z"].U, GRU_["r"].U, GRU_["n"].U
    gate = (h - new) * z * (1 - z) * U_z
    candidate = (1 - z) * (1 - new**2) * (r * U + (U * h + B_U) * r * (1 - r) * U_r)
    return [
        f"dL/dh_{t - 1} = {g['h']:+.4f} * ({z:.4f} {gate:+.4f} {candidate:+.4f})"
        f" = {g['h'] * (z + gate + candidate):+.4f}"
        f"    dh_{t}/dh_{t - 1} = {z + gate + candidate:+.4f}"
    ]


RNN = {"h": Weights(0.7, 0.8, 0.1)}
LSTM_ = {
    "i": Weights(0.3, 0.9, 0.0),
    "f": Weights(0.4, -0.3, 1.5),
    "g": Weights(0.6, 0.8, 0.1),
    "o": Weights(0.2, 0.5, 0.3),
}
GRU_ = {"r": Weights(0.5, 0.6, 0.0), "z": Weights(0.3, -0.4, 1.0), "n": Weights(0.6, 0.8, 0.1)}
B_U = 0.2  # beside U h_(t-1), inside the GRU's reset

RECIPES = {
    "lstm": Recipe(
        "The LSTM by hand",
        LSTM,
        "i f g o",
        LSTM_,
        _tell_lstm,
        "dL/dc_(t-1) = f_t * (dL/dc_t + dL/dh_t * o_t (1 - tanh(c_t)^2))",
        _chain_lstm,
    ),
    "rnn": Recipe(
        "The vanilla RNN by hand",
        Elman,
        "h",
        RNN,
        _tell_rnn,
        "dL/dh_(t-1) = dL/dh_t * (1 - h_t^2) * U",
        _chain_rnn,
    ),
    "gru": Recipe(
        "The GRU by hand",
        GRU,
        "r z n",
        GRU_,
        _tell_gru,
        "dL/dh_(t-1) = dL/dh_t * (z_t + through the update gate + through the candidate)",
        _chain_gru,
    ),
}
