"""A stack's report: every layer that was probed is drawn, named and in the tables."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from longlag.records.gradient_decay import best_rate
from longlag.records.reader import read_study
from longlag.records.seed_groups import study_groups
from longlag.report.figures.training import gated, short


def lines(folder: Path) -> list[dict]:
    """Those of the interactive figure."""
    page = (folder / "report.html").read_text()
    found = re.search(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])["tasks"][0]["lines"]


def test_every_layer_is_a_line_of_the_interactive_figure_with_a_key_of_its_own(stacks):
    found = [(line["label"], line.get("layer")) for line in lines(stacks["two"])]
    assert found == [
        ("RNN", None),
        ("LSTM layer 1 h", "layer 1"),
        ("LSTM layer 1 c", "layer 1"),
        ("LSTM layer 2 h", "layer 2"),
        ("LSTM layer 2 c", "layer 2"),
    ]


def test_a_layer_that_reads_both_ways_is_two_and_the_way_is_named(stacks):
    found = {line["label"] for line in lines(stacks["both"])}
    assert {"LSTM layer 1 backward h", "LSTM layer 2 forward c"} < found and len(found) == 9


@pytest.mark.parametrize("name", ["two", "both"])
def test_the_table_has_a_row_a_path_and_the_text_says_which_layer_decides(stacks, name):
    text = (stacks[name] / "report.md").read_text()
    for g in study_groups(read_study(stacks[name])):
        for path in g.paths:
            assert f"| {g.label} {g.named(path)} |" in text
    assert "Of a stack it is the rate of the first layer" in text


def test_gates_are_drawn_for_every_layer(stacks):
    (rnn, lstm) = study_groups(read_study(stacks["two"]))
    assert gated([rnn, lstm]) == [(lstm, 0), (lstm, 1)]


def test_the_best_path_is_one_of_the_layer_that_reads_the_input(stacks):
    run = next(r for r in read_study(stacks["two"]).runs if r.cell == "lstm")
    lag = np.arange(40)
    for first in (0.1, 0.5):
        run.found["probe.npz"] = {
            "profile/0/h": np.exp(-first * lag)[None],
            "profile/0/c": np.exp(-0.6 * lag)[None],
            "profile/1/h": np.exp(-0.3 * lag)[None],
        }
        assert best_rate(run, 0) == pytest.approx(first)


def test_parameters_name_their_layer_where_there_are_several():
    names = ["layers.0.rec.weight", "layers.1.rec.weight", "head.bias"]
    assert short(names) == ["layer 1 rec.weight", "layer 2 rec.weight", "head.bias"]
    assert short(names[::2]) == ["rec.weight", "head.bias"]
