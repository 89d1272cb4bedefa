"""A cell that breaks the contract of `step` is told so, with the cure, when its model is built."""

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from longlag.cells import Cell, Hidden
from longlag.errors import LonglagError
from longlag.laws.cell import verdict_on_cell
from longlag.nn.model import Model


class Pair(NamedTuple):
    h: Tensor
    m: Tensor


class Plain(Cell):
    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        return self.W(x)

    def step(self, u: Tensor, s: Any) -> Any:
        return Hidden(torch.tanh(u + s.h))


class Bare(Plain):
    def step(self, u: Tensor, s: Any) -> Any:
        return torch.tanh(u + s.h)


class Tuple(Plain):
    def step(self, u: Tensor, s: Any) -> Any:
        return (torch.tanh(u + s.h),)


class Unassigned(Plain):
    def step(self, u: Tensor, s: Any) -> Any:
        return Pair(torch.tanh(u + s.h), s.h)


class Reading(Plain):
    def step(self, u: Tensor, s: Any) -> Any:
        return Pair(torch.tanh(u + s.m), s.h)


class Wide(Plain):
    def step(self, u: Tensor, s: Any) -> Any:
        return Hidden(torch.cat([u, s.h], -1))


CASES = [
    (Bare, r"Bare.step returned a tensor, but its State is Hidden; return Hidden\(h\)"),
    (Tuple, r"Tuple.step returned a tuple, but its State is Hidden; return Hidden\(h\)"),
    (Unassigned, "returned a Pair, but its State is Hidden; write State = Pair in the class"),
    (Reading, "'Hidden' object has no attribute 'm'; .*State = MyState"),
    (Wide, r"returned h of shape \(1, 8\), but init_state gives \(1, 4\); make them equal"),
]


@pytest.mark.parametrize(("cell", "said"), CASES)
def test_what_step_returned_is_named_with_what_it_should(cell: type[Cell], said: str):
    with pytest.raises(LonglagError, match=said) as caught:
        Model(2, 1, cell, 4)
    assert "\n" not in str(caught.value)
    found = verdict_on_cell(cell, "shapes are those of the contract")
    assert not found.ok and said.split(";")[0].replace("\\", "")[-20:] in found.why


def test_looking_draws_nothing_and_leaves_the_mode():
    state = torch.get_rng_state()
    torch.manual_seed(0)
    model = Model(2, 1, Plain, 4)
    after = torch.rand(1)
    torch.manual_seed(0)
    nn.ModuleList([Plain(2, 4), nn.Linear(4, 1)])
    assert torch.rand(1).equal(after) and model.cells[0].training
    torch.set_rng_state(state)
