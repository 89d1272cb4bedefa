"""`longlag probe`: one run, and one run of every cell of a study."""

import json
from pathlib import Path

import numpy as np
import pytest

from longlag.cli.main import main

TINY = (
    "task=adding",
    "task.length=10",
    "match=none",
    "model.hidden_size=4",
    "trainer.max_steps=2",
    "trainer.validate_every=1",
    "trainer.validation_size=16",
    "trainer.test_size=16",
    "logger=none",
    "optim.lr=0.01",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Two cells, two seeds of the RNN."""
    place = tmp_path_factory.mktemp("results")
    for cell, seed in (("rnn", 0), ("rnn", 1), ("gru", 0)):
        assert main(["train", f"cell={cell}", f"seed={seed}", *TINY, f"results={place}"]) == 0
    (folder,) = (p for p in place.iterdir() if p.is_dir())
    return folder


def test_a_study_is_examined_by_one_run_of_each_cell(study: Path, capsys):
    assert main(["probe", str(study)]) == 0
    said = capsys.readouterr().out
    assert "1/2  RNN on adding, T = 10" in said and "2/2  GRU on adding, T = 10" in said
    examined = list(study.glob("*/laboratory.npz"))
    cells = {json.loads((p.parent / "record.json").read_text())["names"]["cell"] for p in examined}
    assert len(examined) == 2 and cells == {"rnn", "gru"}
    with np.load(examined[0]) as file:
        assert {"init/jacobian/0/log_norm", "trained/jacobian/0/log_norm"} <= set(file.files)


def test_a_study_without_weights_names_the_command_that_trains_its_median_runs_again(
    study: Path, capsys
):
    weights = {path: path.read_bytes() for path in study.glob("gru-*/weights.pt")}
    for path in weights:
        path.unlink()
    assert main(["probe", str(study)]) == 2
    said = capsys.readouterr().err
    assert "1 of 2 runs to be examined have no weights.pt" in said
    assert f"probe study={study.name} retrain=true" in said
    assert len(said.strip().splitlines()) == 1
    (path,) = weights
    (path.parent / "laboratory.npz").unlink(missing_ok=True)
    words = ["probe", f"study={study.name}", f"results={study.parent}", "retrain=true"]
    assert main(words) == 0
    again = study.parent / "retrained" / study.name / path.parent.name
    assert (again / "weights.pt").read_bytes() == weights[path]
    assert (path.parent / "laboratory.npz").exists()
    before = (again / "record.json").stat().st_mtime_ns
    assert main(words) == 0
    assert (again / "record.json").stat().st_mtime_ns == before
    for path, content in weights.items():
        path.write_bytes(content)


def test_a_study_that_was_not_run_and_a_word_that_is_neither_are_told_what_to_do(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["probe", "study=smoke"]) == 2
    assert "longlag bench study=smoke" in capsys.readouterr().err
    assert main(["probe", "nothing"]) == 2
    assert "study=<study>" in capsys.readouterr().err
