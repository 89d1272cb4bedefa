"""The hidden size that meets a budget."""

import pytest

from longlag.cells import GRU, LSTM, Elman, GRUResetBefore
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for

CELLS = (Elman, LSTM, GRU, GRUResetBefore)


def maker(cell):
    return lambda hidden: Model(3, 2, cell, hidden)


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("budget", [60, 1000, 10_000, 54_321])
def test_no_other_hidden_size_comes_nearer_to_the_parameter_budget(cell, budget):
    make = maker(cell)
    found = hidden_size_for(make, budget, "params")
    errors = {h: abs(parameters(make(h)) - budget) for h in (found - 1, found, found + 1) if h}
    assert errors[found] == min(errors.values())


@pytest.mark.parametrize("cell", CELLS)
def test_matching_the_state_counts_every_part_of_it(cell):
    found = hidden_size_for(maker(cell), 64, "state")
    assert maker(cell)(found).state_size == 64


def test_a_budget_below_the_smallest_model_is_refused():
    with pytest.raises(ValueError, match="the smallest model already has"):
        hidden_size_for(maker(LSTM), 5, "params")
