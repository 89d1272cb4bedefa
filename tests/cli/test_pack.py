"""`longlag pack`: a study in a few files, that every command reads as before."""

from pathlib import Path

import pytest

from longlag.cli.main import main
from tiny import TINY


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for cell in ("rnn", "gru"):
        assert main(["train", f"cell={cell}", *TINY, "logger=none", f"results={tmp_path}"]) == 0
    return tmp_path


def test_a_packed_study_is_listed_examined_extended_and_taken_back(results, capsys):
    words = [f"results={results}"]
    study = results / "single"
    assert main(["pack", str(study)]) == 0
    assert "2 runs packed" in capsys.readouterr().out and not list(study.glob("*/record.json"))
    assert main(["train", "cell=rnn", *TINY, "logger=none", *words]) == 0
    assert "recorded before" in capsys.readouterr().out
    assert main(["list", "runs", *words]) == 0
    assert "gru-adding-" in capsys.readouterr().out
    assert main(["probe", str(study)]) == 0  # the weights are still there
    assert len(list(study.glob("*/laboratory.npz"))) == 2
    assert main(["probe", next(study.glob("gru-*")).name, *words]) == 0
    assert main(["train", "cell=lstm", *TINY, "logger=none", *words]) == 0
    assert main(["pack", str(study)]) == 0
    assert "3 runs packed" in capsys.readouterr().out and not list(study.glob("*/laboratory.npz"))
    assert main(["pack", str(study), "undo=true"]) == 0
    assert len(list(study.glob("*/record.json"))) == 3


@pytest.mark.parametrize("words", [[], ["nothing"], ["study=smoke"], ["a", "b"]])
def test_what_is_no_study_is_refused_in_one_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["pack", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
