"""A run that was killed goes on, and leaves what an undisturbed one leaves, bit for bit."""

import logging
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tiny
from killed_runs import STUDY, part, run_in_parts
from longlag.records.reader import read_run
from longlag.records.record import as_text
from longlag.records.store import Store
from longlag.runs import checkpoint
from longlag.runs.config import resolve
from longlag.runs.progress_line import ProgressLine
from longlag.runs.run import execute
from longlag.training.learner import Learner

BLOCK, STEPS, EVERY = 10, 40, 3  # steps between validations, of the run, between checkpoints
RUN = (
    *tiny.TINY[2:],
    "logger=none",
    f"trainer.max_steps={STEPS}",
    "trainer.stop_when_solved=false",
)
NEVER, OFTEN = "checkpoint.seconds=null", f"checkpoint.steps={EVERY}"
CASES = {
    "a stream, Adam": ("task.length=6",),
    "SGD with momentum": ("task.length=6", "cell=gru", "optim=sgd"),
    "RMSprop, probed often": (
        "task.length=6",
        "cell=rnn",
        "optim=rmsprop",
        "probe=dense",
        "probe.every=7",
    ),
    "a finite data set, in epochs": ("cell=gru", "task=digits", "trainer.batch_size=500"),
    "dropout in a stack": ("task.length=6", "cell=lstm", "model.layers=2", "model.dropout=0.3"),
    "both ways": ("task.length=6", "cell=gru", "model=bidirectional", "model.layers=2"),
    "zoneout, no probe": ("task.length=6", "cell=lstm_zoneout", "probe=off"),
    "h-detach": (
        "task.length=6",
        "cell=lstm_hdetach",
    ),
}


def deaths_of(case: str) -> list[int]:
    """Three steps, a checkpoint before each; the second is the end of a block."""
    rng = random.Random(case)
    return [rng.randrange(EVERY + 1, 2 * BLOCK - EVERY), 2 * BLOCK, rng.randrange(27, STEPS)]


@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_any_step_leaves_what_an_undisturbed_one_leaves(case, tmp_path):
    words = (*RUN, *CASES[case], NEVER)
    whole = run_in_parts(words, tmp_path / "whole")
    parts = run_in_parts((*words, OFTEN), tmp_path / "parts", deaths_of(case))
    one, other = read_run(whole).record, read_run(parts).record
    assert (one.resumed, other.resumed) == (0, 3)
    its_own = {n: getattr(one, n) for n in ("resumed", "seconds", "date", "peak_memory_mb")}
    assert as_text(replace(other, **its_own, command=one.command)) == as_text(one)
    assert (parts / "curve.csv").read_bytes() == (whole / "curve.csv").read_bytes()
    assert (parts / "weights.pt").read_bytes() == (whole / "weights.pt").read_bytes()
    if "probe=off" not in words:
        arrays, wanted = np.load(parts / "probe.npz"), np.load(whole / "probe.npz")
        assert arrays.files == wanted.files and len(arrays.files) > 8
        for name in arrays.files:
            assert arrays[name].dtype == wanted[name].dtype
            assert arrays[name].tobytes() == wanted[name].tobytes(), name
    assert list((parts.parent / ".checkpoints").iterdir()) == []


ON_LINE = (
    "cell=lstm_1997",
    "task=adding_1997",
    "task.length=22",
    "model=net_1997",
    "optim=descent",
    "trainer=online",
    "match=none",
    "probe=off",
    "logger=none",
    "trainer.max_steps=400",
    "trainer.validate_every=200",
    "trainer.validation_size=8",
    "trainer.test_size=8",
    "trainer.stream={last: 150, wrong: 149, mean_error: null}",
    "trainer.stop_when_solved=false",
)


def test_on_line_training_is_done_in_c_and_goes_on_with_the_errors_that_its_rule_looks_at(
    tmp_path, monkeypatch
):
    whole = read_run(run_in_parts((*ON_LINE, NEVER), tmp_path / "whole")).record
    parts = read_run(
        run_in_parts((*ON_LINE, NEVER, "checkpoint.steps=100"), tmp_path / "parts", [192])
    ).record
    assert (whole.resumed, parts.resumed) == (0, 1)
    assert whole.solved and 150 <= (whole.solved.step or 0) <= 400
    assert parts.solved == whole.solved and parts.metrics == whole.metrics

    def refuse(*_):
        raise AssertionError("a step was taken outside C")

    monkeypatch.setattr(Learner, "descend", refuse)
    part((*ON_LINE, "checkpoint.seconds=300"), tmp_path / "c", None)
    again = read_run(tmp_path / "c" / STUDY / resolve(ON_LINE).id).record
    assert again.metrics == whole.metrics


class Stop(Exception):
    """The end of a process, for tests that need none of their own."""


WORDS = (*RUN, "task.length=6", NEVER, OFTEN)


@pytest.fixture
def killed(tmp_path, monkeypatch) -> Path:
    """The checkpoint of a run that ended at step 12."""

    def stop(*_):
        raise Stop

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr("os.kill", stop)
        part(WORDS, tmp_path, 12)
    path = Store(tmp_path, STUDY).checkpoint(resolve(WORDS).id)
    assert path.is_file()
    return path


def test_a_damaged_checkpoint_is_named_and_set_aside(killed, tmp_path, caplog):
    content = bytearray(killed.read_bytes())
    content[len(content) // 2] ^= 1
    killed.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        part(WORDS, tmp_path, None)
    (line,) = [r.getMessage() for r in caplog.records if "damaged" in r.getMessage()]
    assert str(killed) in line and "starts anew" in line and "\n" not in line
    assert (tmp_path / STUDY / "damaged" / killed.name).read_bytes() == content
    assert read_run(tmp_path / STUDY / killed.stem).record.resumed == 0


@pytest.mark.parametrize("what", ["run", "source", "versions", "machine"])
def test_a_checkpoint_of_something_else_is_never_used(what, killed, tmp_path, caplog, monkeypatch):
    origin = checkpoint.origin_of(resolve(WORDS))
    monkeypatch.setattr(checkpoint, "origin_of", lambda config: {**origin, what: "another"})
    with caplog.at_level(logging.WARNING):
        part(WORDS, tmp_path, None)
    assert f"is of another {what}: the run starts anew" in caplog.text
    assert read_run(tmp_path / STUDY / killed.stem).record.resumed == 0
    assert not killed.exists()


def test_a_full_disk_costs_a_checkpoint_and_no_result(tmp_path, caplog, monkeypatch):
    def full(path, write):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_atomically", full)
    part(WORDS, tmp_path, None)
    assert "cannot be written" in caplog.text and "No space left" in caplog.text
    assert read_run(tmp_path / STUDY / resolve(WORDS).id).record.steps == STEPS


def test_a_short_run_writes_no_checkpoint_and_a_long_one_by_its_seconds(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(checkpoint, "write_atomically", lambda path, write: written.append(path))
    part((*RUN, "task.length=6"), tmp_path / "default", None)
    assert written == []
    part((*RUN, "task.length=6", "checkpoint.seconds=1e-9"), tmp_path / "often", None)
    assert len(written) == STEPS - 1  # the last step is followed by the record


def test_the_seconds_of_a_record_add_up_over_its_parts(killed, tmp_path):
    content = checkpoint.load(killed)
    content["state"]["seconds"] = {"setup": 100.0, "train": 1000.0}
    checkpoint.write_atomically(killed, lambda file: checkpoint.torch.save(content, file))
    part(WORDS, tmp_path, None)
    seconds = read_run(tmp_path / STUDY / killed.stem).record.seconds
    assert 100 < seconds["setup"] < 200 and 900 < seconds["train"] < 1100


def test_a_checkpoint_of_a_run_that_is_recorded_is_cleared(killed, tmp_path):
    (tmp_path / STUDY / killed.stem).mkdir()
    (tmp_path / STUDY / killed.stem / "record.json").touch()
    Store(tmp_path, STUDY).prepare()
    assert not killed.exists()


def test_how_often_a_checkpoint_is_taken_is_no_part_of_the_run():
    assert resolve(WORDS).id == resolve((*RUN, "task.length=6")).id


def test_a_run_that_goes_on_says_so(killed, tmp_path, capsys):
    store, config = Store(tmp_path, STUDY), resolve(WORDS)
    execute(config, store.folder, [ProgressLine(STEPS)])
    assert "goes on after step 9," in capsys.readouterr().err
