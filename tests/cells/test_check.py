"""`check` says of a cell, by its dotted path, which laws hold; a bad path gets one line."""

import re

import pytest

from longlag.cells import LRU, Elman, Hidden
from longlag.errors import LonglagError
from longlag.laws.cell import LAWS
from longlag.laws.check import class_at, compiled_or_why_not, run_check

LEAKY = """
import torch
from torch import nn
from longlag.cells import Cell, Hidden

class Leaky(Cell):
    def __init__(self, input_size, hidden_size, rate=0.1):
        super().__init__(input_size, hidden_size)
        self.inp, self.rec = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.rate = rate

    def project(self, x):
        return self.inp(x)

    def step(self, u, s):
        return Hidden(torch.lerp(s.h, torch.tanh(u + self.rec(s.h)), self.rate))

class Unseen(Leaky):
    def step(self, u, s):
        return super().step(u.detach(), s)

class Greedy(Leaky):
    def __init__(self, input_size, hidden_size, rate):
        super().__init__(input_size, hidden_size, rate)
"""


@pytest.fixture(autouse=True)
def leaky_cells(tmp_path, monkeypatch):
    (tmp_path / "leaky_cells.py").write_text(LEAKY)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_users_cell_passes_and_the_table_names_every_law(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert run_check("leaky_cells.Leaky") == 0
    text = capsys.readouterr().out
    assert all(name in text for name in LAWS)
    assert f"{len(LAWS)} of {len(LAWS)} laws hold" in text


def test_a_broken_law_is_told_and_the_status_is_one(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert run_check("leaky_cells.Unseen") == 1
    assert "inp.weight, inp.bias: no gradient" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Leaky", "no dotted path"),
        ("no_such_cells.Leaky", "no module no_such_cells"),
        ("leaky_cells.Leeky", "has no Leeky"),
        ("leaky_cells.torch", "is no cell"),
        ("longlag.cells.Cell", "write its step"),
        ("leaky_cells.Greedy", "every further argument a default"),
    ],
)
def test_a_path_that_leads_to_no_cell_gets_one_line(path: str, said: str):
    with pytest.raises(LonglagError, match=said) as caught:
        class_at(path)
    assert "\n" not in str(caught.value)


def test_a_task_is_held_against_the_laws_of_tasks(capsys):
    assert run_check("longlag.tasks.Adding") == 0
    assert "the splits are disjoint streams" in capsys.readouterr().out


class Sorted(Elman):
    """Its step is not compiled."""

    def step(self, u, s):
        return Hidden(super().step(u, s).h.sort(-1).values)


def test_a_cell_that_is_not_compiled_hears_why_what_runs_it_and_what_that_costs():
    said = compiled_or_why_not(Sorted)
    assert re.search(
        r"on the loop: aten.sort.* is neither .*; there an Elman is \d.* slower$", said
    )
    assert "one scan: " in compiled_or_why_not(LRU)
