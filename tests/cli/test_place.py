"""`longlag place`: one cell among the others, with tiny real runs in this very process."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from longlag.cli import bench, place
from longlag.cli.main import main

STUDY = """
title: A tiny atlas
question: Who remembers?
cells: [rnn, gru]
tasks: {adding: [], japanese_vowels: []}
ladders: {adding: [5, 10]}
grid: [0.003, 0.01]
tuning_seeds: [100]
seeds: [0, 1]
examine: false
settings:
  - match=none
  - model.hidden_size=3
  - trainer.max_steps=20
  - trainer.validate_every=20
  - trainer.validation_size=8
  - trainer.test_size=8
  - logger=none
"""
CELLS = """
import torch
from longlag.cells import Elman

class Mine(Elman):
    pass

class Leaking(Elman):
    def step(self, u, s):
        return super().step(u + u.mean(0), s)  # sequences of a batch know each other
"""


class Here:
    """Runs functions at once, in this process."""

    workers, ahead, patience = 1, 0, float("inf")

    def submit(self, function, *arguments) -> Future:
        future: Future = Future()
        future.set_result(function(*arguments))
        return future

    def stop(self) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A folder with cells of its own and the records of a study of two others."""
    folder = tmp_path_factory.mktemp("place")
    files = {"my_place_cells.py": CELLS, "conf/study/tiny.yaml": STUDY}
    for name in ("mine", "leaking"):
        target = f"_target_: my_place_cells.{name.title()}\n_partial_: true\n"
        files[f"conf/cell/{name}.yaml"] = f"# {name.title()}, by us.\n{target}"
    files["conf/cell/gru.yaml"] = files["conf/cell/mine.yaml"]
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        for command in (bench, place):
            patch.setattr(command, "make_executor", lambda config, threads: Here())
        patch.setattr(bench, "report", lambda store: None)
        assert main(["bench", "--config-dir", "conf", "study=tiny", "cell=rnn"]) == 0
        yield folder


def placed(*words: str) -> int:
    return main(["place", "--config-dir", "conf", "study=tiny", *words])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_cell_is_run_resumed_and_shown_among_the_others(folder: Path, capsys):
    before, own = contents(folder / "results/tiny"), folder / "results/place-mine-tiny"
    assert placed("cell=mine", "tasks=adding", "budget_minutes=0.000001") == 0
    said = capsys.readouterr().out
    assert "no run starts after" in said and "the time is used up" in said
    assert "adding: undecided, and no bound is known yet" in said
    assert not list(own.glob("mine-*"))
    assert placed("cell=mine", "tasks=adding") == 0
    said, runs = capsys.readouterr().out, set(own.glob("mine-*/record.json"))
    assert len(runs) == 2 * 4
    for head in ("horizon (steps)", "95 % interval", "step (us)", "parameters", "state"):
        assert head in said
    assert "mine" in said and "RNN" in said and "used up" not in said
    assert "mine" in (own / "index.html").read_text() and "<svg" in (own / "place.svg").read_text()
    assert placed("cell=mine", "tasks=adding") == 0
    assert "all 8 runs are recorded" in capsys.readouterr().out
    assert set(own.glob("mine-*/record.json")) == runs
    assert contents(folder / "results/tiny") == before


def test_a_dry_run_says_what_would_be_run_and_writes_nothing(folder: Path, capsys):
    assert placed("cell=lstm", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "1 cell (lstm) x 2 tasks" in said and "adding: 8 runs to go at least" in said
    assert not (folder / "results/place-lstm-tiny").exists()


def test_a_cell_of_the_study_is_shown_from_its_records(folder: Path, capsys):
    before = contents(folder / "results/tiny")
    assert placed("cell=rnn") == 0
    assert "it is shown from the records there" in capsys.readouterr().out
    assert not list(folder.glob("results/place-rnn-tiny/rnn-*"))
    assert contents(folder / "results/tiny") == before


def test_without_other_records_it_says_what_would_make_them(folder: Path, capsys):
    assert placed("cell=mine", "tasks=adding", "results=none", "budget_minutes=0.000001") == 0
    assert "no records in none/tiny to compare with yet" in capsys.readouterr().out


WRONG = """
 | which cell? give one by cell=NAME
cell=rnn,lstm | which cell? give one by cell=NAME
cell=mime | did you mean 'mine'
cell=gru | there is a cell gru among the others already
cell=leaking | run `longlag check my_place_cells.Leaking` and mend it first
cell=mine seed=1 | the protocol is the same for every cell
cell=mine study.seeds=[7] | the protocol is the same for every cell
cell=mine task=adding | did you mean 'tasks'
cell=mine cell.rate=1 | give this variant a yaml of its own
cell=mine tasks=addin | did you mean 'adding'
cell=mine budget_minutes=soon | budget_minutes must be a number above 0
cell=mine budget_minutes=0 | budget_minutes must be a number above 0
cell=mine study=smoke | study smoke climbs no ladder
"""


@pytest.mark.parametrize("line", WRONG.strip("\n").splitlines())
def test_a_mistake_is_named_in_one_line(folder: Path, capsys, line: str):
    words, *_, says = line.split(" | ")
    assert placed(*words.split()) == 2
    said = capsys.readouterr().err.strip()
    assert says in said and "\n" not in said
