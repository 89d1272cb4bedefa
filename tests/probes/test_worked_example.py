"""The worked example is the equations: NumPy finds the same gates, states and gradients."""

import re

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.probes.worked_example import INPUTS, example, render, run


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn(x, h):
    h = np.tanh(0.7 * h + 0.8 * x + 0.1)
    return {"h": h}


def lstm(x, h, c):
    f = sigmoid(0.4 * h - 0.3 * x + 1.5)
    i = sigmoid(0.3 * h + 0.9 * x)
    new = np.tanh(0.6 * h + 0.8 * x + 0.1)
    o = sigmoid(0.2 * h + 0.5 * x + 0.3)
    c = f * c + i * new
    return {"f": f, "i": i, "g": new, "o": o, "h": o * np.tanh(c), "c": c}


def gru(x, h):
    z = sigmoid(0.3 * h - 0.4 * x + 1)
    r = sigmoid(0.5 * h + 0.6 * x)
    new = np.tanh(0.8 * x + 0.1 + r * (0.6 * h + 0.2))
    return {"z": z, "r": r, "n": new, "h": (1 - z) * new + z * h}


PAPERS = {"rnn": (rnn, ["h"]), "lstm": (lstm, ["h", "c"]), "gru": (gru, ["h"])}


def loss_from(step, letters, t, state):
    """L as a function of the state after step t."""
    for x in INPUTS[t:]:
        made = step(x, *state)
        state = [made[k] for k in letters]
    return (state[0] - 1) ** 2 / 2


@pytest.mark.parametrize("name", PAPERS)
def test_every_gate_and_state_is_that_of_the_equations(name: str):
    step, letters = PAPERS[name]
    state = [0.0] * len(letters)
    for x, got in zip(INPUTS, example(name).steps, strict=True):
        want = step(x, *state)
        assert got == pytest.approx(want, rel=1e-12)
        state = [want[k] for k in letters]


@pytest.mark.parametrize("name", PAPERS)
def test_every_gradient_is_the_slope_of_the_loss(name: str):
    step, letters = PAPERS[name]
    worked, eps = example(name), 1e-5
    for t, (values, gradient) in enumerate(zip(worked.steps, worked.gradients, strict=True), 1):
        for k, letter in enumerate(letters):
            high, low = ([values[c] for c in letters] for _ in range(2))
            high[k], low[k] = high[k] + eps, low[k] - eps
            slope = (loss_from(step, letters, t, high) - loss_from(step, letters, t, low)) / 2 / eps
            assert gradient[letter] == pytest.approx(slope, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("name", PAPERS)
def test_the_chain_rule_as_printed_ends_in_what_the_taps_measure(name: str):
    """The printed product is worked from the equations, the tap from the tape."""
    worked = example(name)
    letter = PAPERS[name][1][-1]
    printed = re.findall(rf"dL/d{letter}_(\d) = .*? = ([+-][\d.]+) {{4}}", render(worked))
    assert [int(t) for t, _ in printed] == [3, 2, 1]
    for t, value in printed:
        assert float(value) == pytest.approx(worked.gradients[int(t) - 1][letter], abs=5.1e-5)


@pytest.mark.parametrize("name", PAPERS)
def test_the_text_fits_a_terminal_and_shows_every_value(name: str, capsys):
    assert run(name) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    for t, values in enumerate(example(name).steps, 1):
        for letter, value in values.items():
            assert re.search(rf"  {re.escape(letter)}_{t} +=.* = {value:.4f}$", text, re.M)


def test_a_name_without_an_example_is_told_those_that_have_one():
    with pytest.raises(LonglagError, match="'elman': choose lstm, rnn, gru"):
        example("elman")
