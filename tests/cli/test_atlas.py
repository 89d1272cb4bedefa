"""`longlag atlas`: what is missing of the untrained cells is measured, then files are written."""

from dataclasses import replace
from pathlib import Path

import pytest

from longlag.cli.main import main
from longlag.records.untrained import read_untrained, write_untrained
from synthetic_atlas import write_atlas


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_atlas(tmp_path / "atlas")


def words(folder: Path) -> list[str]:
    """One cell on one task of the study, small."""
    return ["atlas", "cell=rnn", "task=adding", "budget=100", f"results={folder.parent}"]


def test_only_what_is_missing_is_measured_and_the_files_are_named(folder: Path, capsys):
    found = read_untrained(folder)
    starts = [s for s in found.starts if (s.cell, s.task) != ("rnn", "adding")]
    times = {cell: us for cell, us in found.step_us.items() if cell != "rnn"}
    write_untrained(folder, replace(found, starts=starts, step_us=times))
    assert main(words(folder)) == 0
    said = capsys.readouterr().out
    assert said.count("measuring") == said.count("timing") == 1
    assert {Path(line).name for line in said.split()[-3:]} == {
        "atlas.csv", "atlas.md", "index.html"
    }  # fmt: skip
    found = read_untrained(folder)
    start = found.of("rnn", "adding")
    assert start is not None and start.length == 100 and len(start.decay) == 5
    assert found.step_us["rnn"] > 0 and "torch" in found.origin["versions"]
    assert main(words(folder)) == 0
    assert "measuring" not in capsys.readouterr().out


def test_a_plan_that_knows_more_runs_than_can_be_found_again_is_kept(folder: Path):
    before = (folder / "plan.json").read_text()
    assert main(words(folder)) == 0
    assert (folder / "plan.json").read_text() == before


def test_a_study_that_has_no_plan_yet_gets_the_one_that_its_sweep_would_write(tmp_path: Path):
    steps = ["max_steps=2", "validate_every=2", "validation_size=8", "test_size=8"]
    few = [f"trainer.{step}" for step in steps] + ["study.seeds=[0,1]"]
    own = ["study=atlas", *words(tmp_path / "atlas")[1:], *few]
    assert main(["bench", *own]) == 0
    plan = tmp_path / "atlas" / "plan.json"
    before = plan.read_text()
    plan.unlink()
    assert main(["atlas", *own]) == 0
    assert plan.read_text() == before
    rows = (tmp_path / "atlas" / "atlas.csv").read_text()
    assert "rnn,RNN,1990,Elman,adding,horizon,,,,True," in rows  # below the shortest rung


def test_a_study_without_records_is_refused_in_one_line(tmp_path: Path, capsys):
    assert main(["atlas", f"results={tmp_path}"]) == 2
    assert "run `longlag bench study=atlas" in capsys.readouterr().err
