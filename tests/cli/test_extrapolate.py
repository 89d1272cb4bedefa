"""`longlag extrapolate`: the recorded score at the training length, and others beside it."""

import json
from pathlib import Path

import matplotlib.image
import pytest
import torch

from longlag.cli.main import main
from longlag.runs.extrapolation import at_lengths, curve
from longlag.runs.restore import restore_run
from tiny import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    assert main(["train", "cell=gru", *TINY, "logger=none", f"results={results}"]) == 0
    (record,) = results.glob("*/*/record.json")
    return record.parent


def test_at_the_training_length_the_score_is_the_recorded_one(folder):
    run = restore_run(folder)
    points = curve(run, [6, 12], size=run.run.setting("trainer.test_size"))
    assert [point.length for point in points] == [6, 12]
    assert points[0].metrics == pytest.approx(run.run.record.metrics.test, rel=1e-5)
    assert points[1].metrics != pytest.approx(run.run.record.metrics.test, rel=1e-5)


def test_an_answer_that_needs_no_memory_is_as_good_at_every_length(folder):
    run = restore_run(folder)
    with torch.no_grad():  # always the mean: its error is the floor, whatever the length
        run.model.head.weight.zero_()
        run.model.head.bias.fill_(1.0)
    for point in curve(run, [4, 8, 40], size=4000):
        assert point.metrics["mse"] == pytest.approx(point.floor.value, rel=0.1)


def test_lengths_that_a_task_does_not_allow_are_left_out_unless_asked_for(folder, capsys):
    task = restore_run(folder).task.at(2)
    assert list(at_lengths(task, None)) == [2, 3, 4, 6, 8, 12, 16]
    assert main(["extrapolate", str(folder), "lengths=1,8"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "length must be" in said and "1" in said


def test_the_command_prints_keeps_and_draws(folder, capsys):
    assert main(["extrapolate", str(folder), "lengths=6,24"]) == 0
    said = capsys.readouterr().out
    assert "4 x" in said and "mse floor" in said and "extrapolation.svg" in said
    kept = json.loads((folder / "extrapolation.json").read_text())
    assert [point["length"] for point in kept["points"]] == [6, 24]
    drawn = matplotlib.image.imread(folder / "extrapolation.png")
    assert 0.5 < drawn[..., :3].mean() < 0.999


@pytest.mark.parametrize("words", [["lengths=a"], ["lengths=0"], ["lengths=5.5"]])
def test_a_length_that_is_none_is_refused(folder, capsys, words):
    assert main(["extrapolate", str(folder), *words]) == 2
    assert "lengths must be" in capsys.readouterr().err


def test_a_task_of_fixed_length_says_so(tmp_path, capsys):
    settings = [word for word in TINY if not word.startswith("task")]
    words = ["train", "cell=gru", "task=japanese_vowels", *settings, "logger=none"]
    assert main([*words, f"results={tmp_path}"]) == 0
    (record,) = tmp_path.glob("*/*/record.json")
    assert main(["extrapolate", str(record.parent)]) == 2
    assert "the data of japanese_vowels fix its length" in capsys.readouterr().err
