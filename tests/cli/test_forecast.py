"""`longlag forecast`: a figure and two errors of a recorded run, or one line why not."""

import json
from pathlib import Path

import matplotlib.image
import pytest

from longlag.cli.main import main

TINY = [
    "model.hidden_size=4",
    "match=none",
    "trainer.max_steps=2",
    "trainer.validate_every=2",
    "logger=none",
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """Trains a task for a moment; the run's folder."""

    def trained(*settings: str) -> Path:
        results = tmp_path_factory.mktemp("results")
        assert main(["train", "cell=gru", *settings, *TINY, f"results={results}"]) == 0
        (record,) = results.glob("*/*/record.json")
        return record.parent

    return trained


def test_a_run_on_the_sine_is_drawn_and_measured(place, capsys):
    folder = place("task=sine", "task.length=20")
    assert main(["forecast", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "the first 10 of 20 steps given" in said
    assert "one step ahead  normalised RMSE" in said and "valid for" in said
    text = (folder / "forecast.svg").read_text()
    assert text.count("<svg") == 1
    drawn = matplotlib.image.imread(folder / "forecast.png")
    assert drawn.shape[1] > 1000 and 0.5 < drawn[..., :3].mean() < 0.999
    assert main(["forecast", str(folder)]) == 0
    assert (folder / "forecast.svg").read_text() == text


def test_a_run_that_cannot_run_free_says_so(place, capsys):
    assert main(["forecast", str(place("task=narma", "task.length=25"))]) == 0
    assert "not possible: the answer is not the next input" in capsys.readouterr().out


@pytest.mark.parametrize("task", ["task=adding", "task=latch"])
def test_a_task_without_a_next_value_is_refused_in_one_line(place, capsys, task: str):
    folder = place(task, "task.length=20") if task == "task=adding" else place(task)
    capsys.readouterr()
    assert main(["forecast", str(folder)]) == 2
    said = capsys.readouterr().err
    name = json.loads((folder / "record.json").read_text())["names"]["task"]
    assert said.count("\n") == 1 and f"{name} asks for no next value" in said


def test_a_run_without_weights_and_a_missing_run_are_refused(place, capsys):
    folder = place("task=sine", "task.length=20")
    (folder / "weights.pt").unlink()
    assert main(["forecast", str(folder)]) == 2
    assert "has no weights.pt" in capsys.readouterr().err
    assert main(["forecast", "nowhere"]) == 2
    assert main(["forecast"]) == 2
