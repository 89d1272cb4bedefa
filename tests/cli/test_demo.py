"""`longlag demo`: an RNN fails where an LSTM succeeds, side by side, and nothing is left behind."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from longlag.cli import demo
from longlag.cli.main import main
from longlag.runs import live
from longlag.tasks import Adding

K = 50


def outcome(name: str, solved: bool, score: float, before: float, after: float) -> demo.Outcome:
    """A network whose gradient falls evenly to `before` and `after` over the lag."""
    profiles = (np.geomspace(1, left, K) for left in (before, after))
    return demo.Outcome(name, 60, 300, score, solved, "h", *profiles)


def test_the_rnn_fails_the_lstm_solves_the_task_and_no_file_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(live, "PERIOD", 0.0)  # as on a slow machine: it tells how far it is
    out = io.StringIO()
    monkeypatch.setattr(demo, "OUT", Console(file=out, width=100, soft_wrap=True))
    assert main(["demo"]) == 0
    text = out.getvalue()
    assert re.search(r"solved: MSE below 0.01 +not solved +solved\n", text)
    start, end = (
        [float(x) for x in re.search(rf"{row} +(\S+) +(\S+)\n", text).groups()]
        for row in ("at the start", "after training")
    )
    assert start[0] < 1e-6 and end[0] < 1e-6  # of the RNN
    assert start[1] < 0.1 < end[1]  # of the LSTM, whose gate learned to keep
    assert "The LSTM solved the task in" in text and "the RNN did not in" in text
    assert not list(tmp_path.rglob("*"))


def test_the_sentences_follow_the_numbers_and_not_the_story():
    spec = Adding(length=K).spec
    sentences = demo.conclusions(
        [outcome("RNN", True, 0.004, 0.5, 1.0), outcome("LSTM", False, 0.1, 3e-5, 2.0)], spec
    )
    assert sentences == [
        "The RNN solved the task in 300 steps; the LSTM did not in 300: its error of 0.1 is better "
        "than that of an answer that ignores the past, 0.167.",
        "Seen 49 steps before the answer, 50 % of the RNN's gradient is left at initialisation, "
        "all of it after training; 3e-5 of the LSTM's gradient is left at initialisation, "
        "2 times as much after training.",
    ]


def test_words_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["demo", "cell=gru"]) == 2
    assert "takes no words" in capsys.readouterr().err
