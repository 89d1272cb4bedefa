"""Every cell in conf/ passes every law, and the laws catch the bugs they are there for."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from jaxtyping import TypeCheckError
from omegaconf import OmegaConf
from torch import nn

from longlag.cells import LSTM, Elman, LSTMState
from longlag.laws.cell import LAWS, check_cell, verdict_on_cell
from recurrences import YAMLS


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_cell_in_conf_obeys(path: Path, name: str):
    found = verdict_on_cell(instantiate(OmegaConf.load(path)), name)
    assert found.ok, found.why


class Broken(LSTM):
    """Whose kernel would hide what its step does wrong."""

    def kernel(self):
        return None


class Narrow(Broken):
    """Whose output is not as wide as it says."""

    def readout(self, s, u):
        return s.h[..., :1]


class Rounded(Broken):
    """A gradient that is not that of the values."""

    def step(self, u, s):
        h, c = super().step(u, s)
        return LSTMState(h + (c.detach() - c), c)


class Future(Broken):
    def project(self, x):
        return super().project(x.flip(0))


class Deaf(Broken):
    def project(self, x):
        return super().project(x * 0)


class Mixed(Broken):
    def step(self, u, s):
        h, c = super().step(u, s)
        return LSTMState(h + 0.1 * h.mean(0), c)


class Overwriting(Broken):
    def step(self, u, s):
        h, c = super().step(u, s)
        s.c.detach().copy_(c.detach())
        return LSTMState(h, c)


class Remembering(Broken):
    """Keeps something beside its state."""

    def project(self, x):
        self.age = 0
        return super().project(x)

    def step(self, u, s):
        self.age += 1
        h, c = super().step(u, s)
        return LSTMState(h / self.age, c)


class Summing(Broken):
    """Looks at the whole sequence, its padding too."""

    def project(self, x):
        return super().project(x + x.sum(0))


class Secret(Broken):
    """Carries something to the next step outside its state."""

    def step(self, u, s):
        h, c = super().step(u, s)
        before, self.before = getattr(self, "before", h), h
        return LSTMState(h + before if before.shape == h.shape else h, c)


class WrongKernel(LSTM):
    """The vendor's recurrent bias is not that of the step."""

    def kernel(self):
        made = super().kernel()
        return made._replace(weights=(*made.weights[:3], made.weights[3] + 0.1))


class Undone(Broken):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lost = nn.Parameter(torch.empty(hidden_size, hidden_size))

    def step(self, u, s):
        h, c = super().step(u, s)
        return LSTMState(h + h @ self.lost, c)


class Unseeded(Broken):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        with torch.no_grad():
            self.W_h.weight.normal_(generator=self.rng)

    rng = torch.Generator()


class Idle(Broken):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.idle = nn.Parameter(torch.ones(hidden_size))


class Single(Broken):
    def readout(self, s, u):
        return s.h.float()


class Lambda(Broken):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.squash = lambda h: h

    def step(self, u, s):
        h, c = super().step(u, s)
        return LSTMState(self.squash(h), c)


class Restarting(Broken):
    """Starts from something else than what init_state says, the second time."""

    def init_state(self, batch_size):
        self.calls = getattr(self, "calls", 0) + 1
        return LSTMState(*(leaf + self.calls for leaf in super().init_state(batch_size)))


@pytest.mark.parametrize(
    ("cell", "broken"),
    [
        (Narrow, "shapes are those of the contract"),
        (Rounded, "step has the gradient that finite differences give"),
        (Future, "nothing depends on a later input"),
        (Deaf, "nothing depends on a later input"),
        (Mixed, "sequences of a batch do not know each other"),
        (Overwriting, "two halves with the carry are one whole"),
        (Remembering, "two halves with the carry are one whole"),
        (Summing, "padding is invisible"),
        (Restarting, "a reset is a fresh start"),
        (WrongKernel, "every backend agrees with the loop in value and gradient"),
        (Secret, "taps are the adjoint"),
        (Undone, "every parameter is initialised"),
        (Unseeded, "same seed same weights"),
        (Idle, "every parameter is reached by a gradient"),
        (Single, "float32 and float64 stay themselves"),
        (Lambda, "cells and states can be pickled and copied"),
    ],
)
def test_a_cell_with_a_bug_breaks_the_law_against_it(cell, broken):
    found = verdict_on_cell(cell, broken)
    assert not found.ok and found.why and "NameError" not in found.why


def test_a_sound_cell_breaks_none():
    assert all(found.ok for found in check_cell(Broken)) and len(check_cell(Elman)) == len(LAWS)


def test_the_shapes_and_types_of_a_cell_s_signatures_are_checked_while_tests_run():
    cell = LSTM(2, 4)
    with pytest.raises(TypeCheckError, match="parameter 'x'"):
        cell.project(torch.zeros(3, 2, dtype=torch.long))
    with pytest.raises(TypeCheckError, match="parameter 's'"):
        cell.step(torch.zeros(3, 16), (torch.zeros(3, 4), torch.zeros(3, 4)))
