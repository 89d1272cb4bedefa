"""`longlag bench` looks into the median runs, once, as far as their weights were kept."""

from pathlib import Path

import numpy as np
import pytest

from longlag.cli import bench
from longlag.cli.main import main
from longlag.errors import LonglagError
from longlag.records.store import Store
from longlag.runs import analyse
from longlag.studies.study import study_of

TINY = (
    "task=adding", "task.length=10", "match=none", "model.hidden_size=4", "trainer.max_steps=2",
    "trainer.validate_every=1", "trainer.validation_size=16", "trainer.test_size=16",
    "logger=none", "optim.lr=0.01",
)  # fmt: skip


def trained(place: Path, *runs: str) -> Store:
    """The store of some small runs, each given by its own overrides."""
    for run in runs:
        assert main(["train", *run.split(), *TINY, f"results={place}"]) == 0
    (folder,) = (p for p in place.iterdir() if p.is_dir())
    return Store(place, folder.name)


@pytest.fixture
def looked(monkeypatch) -> list[Path]:
    """The runs that are examined, as they are."""
    found, real = [], analyse.examine_run

    def examine(folder: Path, config_dir: Path | None = None):
        found.append(folder)
        return real(folder)

    monkeypatch.setattr(analyse, "examine_run", examine)
    return found


def test_the_median_runs_are_examined_once_and_not_again(tmp_path, looked, capsys):
    store = trained(tmp_path, "cell=rnn seed=0", "cell=rnn seed=1", "cell=gru")
    bench.look_inside(store, 1)
    assert len(looked) == 2 and len(list(store.folder.glob("*/laboratory.npz"))) == 2
    assert "2/2 median runs examined" in capsys.readouterr().err
    bench.look_inside(store, 1)
    assert len(looked) == 2 and capsys.readouterr().err == ""


def test_runs_without_weights_and_those_that_read_both_ways_are_passed_over(
    tmp_path, looked, capsys
):
    store = trained(tmp_path, "cell=rnn", "cell=gru model=bidirectional")
    for path in store.folder.glob("rnn-*/weights.pt"):
        path.unlink()
    capsys.readouterr()
    bench.look_inside(store, 1)
    said = capsys.readouterr()
    assert not looked and said.out == said.err == ""


def test_a_run_that_cannot_be_examined_is_named_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    store, real = trained(tmp_path, "cell=rnn", "cell=gru"), analyse.examine_run

    def examine(folder: Path, config_dir: Path | None = None):
        if folder.name.startswith("rnn"):
            raise RuntimeError("no Jacobian\nand more")
        return real(folder)

    monkeypatch.setattr(analyse, "examine_run", examine)
    bench.look_inside(store, 1)
    assert "could not be examined: RNN on adding, T = 10: no Jacobian\n" in capsys.readouterr().out
    assert len(list(store.folder.glob("gru-*/laboratory.npz"))) == 1


def test_a_study_may_do_without():
    assert study_of(["study=smoke"]).examine
    assert not study_of(["study=smoke", "study.examine=false"]).examine


def test_an_examination_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    store = trained(tmp_path, "cell=rnn")
    (folder,) = (path.parent for path in store.folder.glob("*/record.json"))
    analyse.examine_run(folder)
    before = (folder / "laboratory.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"cut")
        raise OSError("no space")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        analyse.examine_run(folder)
    assert (folder / "laboratory.npz").read_bytes() == before
    assert not list(folder.glob(".laboratory*"))


def test_a_model_that_reads_both_ways_is_refused_with_what_to_do(tmp_path):
    store = trained(tmp_path, "cell=gru model=bidirectional")
    (folder,) = (path.parent for path in store.folder.glob("*/record.json"))
    with pytest.raises(LonglagError, match="model=stack"):
        analyse.examine_run(folder)
