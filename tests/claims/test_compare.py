"""Two studies are told apart where they differ by more than noise, and nowhere else."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from longlag.cli.main import main
from longlag.records.comparison import compare_studies
from longlag.records.reader import Study
from longlag.records.record import Metrics
from longlag.records.run import Run
from some_record import some_record
from tiny import TINY


def study(name, scores):
    """A study of cells with the scores of their seeds."""
    runs = [
        Run(
            Path(name),
            some_record(
                id=f"{cell}-adding-{seed}",
                names={"cell": cell, "task": "adding"},
                seed=seed,
                config={"cell": cell, "seed": seed},
                metrics=Metrics({}, {"mse": value}),
            ),
        )
        for cell, values in scores.items()
        for seed, value in enumerate(values)
    ]
    return Study(Path(name), tuple(runs))


def test_equal_studies_differ_nowhere():
    rows = compare_studies(study("a", {"rnn": [1, 2, 3]}), study("b", {"rnn": [1, 2, 3]}))
    assert rows[0].identical and not rows[0].marked and rows[0].difference.value == 0


def test_a_cell_that_became_better_on_every_seed_is_marked_and_another_is_not():
    noise = np.random.default_rng(0).normal(size=(2, 8))
    first = study("a", {"rnn": 5 + noise[0], "gru": 5 + noise[0]})
    second = study("b", {"rnn": 3 + noise[0] + 0.1 * noise[1], "gru": 5 + noise[0][::-1]})
    found = {row.a.cell: row for row in compare_studies(first, second)}
    assert found["rnn"].marked and found["rnn"].better
    assert not found["gru"].marked


def test_many_rows_without_a_difference_are_marked_at_most_as_often_as_the_level():
    rng = np.random.default_rng(1)
    marked = 0
    for _ in range(200):
        a, b = ({f"c{i}": rng.normal(size=5) for i in range(5)} for _ in range(2))
        marked += any(row.marked for row in compare_studies(study("a", a), study("b", b)))
    assert marked / 200 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def test_a_seed_that_one_study_has_alone_is_left_out():
    rows = compare_studies(study("a", {"rnn": [1, 2, 3]}), study("b", {"rnn": [1, 2]}))
    assert rows[0].seeds == 2


def test_one_pair_decides_nothing():
    assert np.isnan(compare_studies(study("a", {"rnn": [1]}), study("b", {"rnn": [2]}))[0].p)


def test_a_diverged_run_has_no_score():
    first = study("a", {"rnn": [1, 2, 3]})
    lost = replace(first.runs[0].record, metrics=Metrics({}, {}))
    second = Study(Path("b"), (replace(first.runs[0], record=lost), *first.runs[1:]))
    assert compare_studies(first, second)[0].seeds == 2


def test_both_commands_show_two_folders_side_by_side(tmp_path, capsys):
    assert main(["train", "cell=gru", *TINY, "logger=none", f"results={tmp_path}"]) == 0
    shutil.copytree(tmp_path / "single", tmp_path / "other")
    a, b = str(tmp_path / "single"), str(tmp_path / "other")
    capsys.readouterr()
    assert main(["compare", a, b]) == 0
    said = capsys.readouterr().out
    assert "the same" in said and "0 of 1 rows differ" in said
    assert main(["report", "--compare", a, b]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b"], ["a", "b", "c"]])
def test_what_cannot_be_compared_is_refused_in_one_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
