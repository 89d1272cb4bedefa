"""A real sweep in real processes: interrupted, killed, resumed, finished; with one broken cell."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import command_process
from longlag.cli.main import main

STUDY = """
# A tiny study.
title: Tiny
question: Does it survive?
cells: [lstm, broken]
tasks: {adding: [task.length=5]}
grid: [0.003, 0.01]
tuning_seeds: [100]
seeds: [0, 1, 2, 3, 4, 5]
settings:
  - match=none
  - model.hidden_size=3
  - trainer.max_steps=40
  - trainer.validate_every=20
  - trainer.validation_size=8
  - trainer.test_size=8
  - logger=none
"""
BROKEN = """
import torch
from longlag.cells import Elman

class Broken(Elman):
    def kernel(self):
        return None

    def step(self, u, s):
        if torch.is_grad_enabled():  # it is built and starts to train
            raise ValueError("this cell is broken")
        return super().step(u, s)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for group, name, text in (
        ("study", "tiny", STUDY),
        ("cell", "broken", "_target_: my_cells.Broken\n_partial_: true\n"),
    ):
        (tmp_path / "conf" / group).mkdir(parents=True)
        (tmp_path / "conf" / group / f"{name}.yaml").write_text(text)
    (tmp_path / "my_cells.py").write_text(BROKEN)
    return tmp_path


def start(place: Path) -> subprocess.Popen:
    return command_process.start(place, ["bench", "study=tiny", "--config-dir", "conf"])


def records(place: Path) -> dict[str, float]:
    """Whole records, and when each was written."""
    found = {}
    for path in (place / "results" / "tiny").glob("*/record.json"):
        assert json.loads(path.read_text())["id"] == path.parent.name
        found[path.parent.name] = path.stat().st_mtime
    return found


def wait_for(place: Path, process: subprocess.Popen, count: int) -> None:
    for _ in range(1200):
        if len(records(place)) >= count:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    raise AssertionError(f"no record within two minutes: {process.communicate()}")


def test_ctrl_c_kill_and_a_broken_cell_lose_nothing_that_was_recorded(place: Path):
    partial = place / "results" / "tiny" / ".partial"

    process = start(place)
    wait_for(place, process, 1)
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches every process of the terminal
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the same command goes on there" in out
    assert "Traceback" not in out + err
    assert not list(partial.iterdir())
    before = records(place)
    assert before

    process = start(place)
    wait_for(place, process, len(before) + 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    killed = records(place)
    assert before.items() <= killed.items()  # none lost, none run again

    process = start(place)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "this cell is broken" in out and "cell=broken" in out
    assert "Traceback" not in out + err
    done = records(place)
    assert killed.items() <= done.items()
    assert len(done) == 2 + 6  # every trial and every seed of the cell that works
    plan = json.loads((place / "results" / "tiny" / "plan.json").read_text())
    assert len(plan["failed"]) == 2 + 6
    assert not list(partial.iterdir())
    assert (place / "results" / "tiny" / "report.pdf").exists()


def test_what_a_cluster_sends_ends_a_study_as_ctrl_c_does(place: Path):
    process = start(place)
    wait_for(place, process, 1)
    process.terminate()  # SIGTERM, to it alone
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "leaked" not in err and "Traceback" not in err, err
    assert "the same command goes on there" in out
    assert not list((place / "results" / "tiny" / ".partial").iterdir())


def test_a_plan_says_what_each_cell_and_task_takes_and_all_of_them(tmp_path: Path, capsys):
    words = ["study=smoke", "cell=rnn,gru", f"results={tmp_path}", "executor.workers=2"]
    assert main(["bench", *words, "--plan"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    counts = {row[0]: row[1:3] for row in rows if len(row) > 3 and row[1].isdecimal()}
    assert counts["rnn"] == counts["gru"] == ["8", "0"]
    assert counts["adding"] == counts["temporal_order"] == ["8", "0"]
    assert counts["all"] == ["16", "0"]
    assert not (tmp_path / "smoke").exists()


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "soon", ""])
def test_a_budget_that_is_no_number_of_hours_is_refused(hours: str, capsys):
    assert main(["bench", "study=smoke", f"budget_hours={hours}"]) == 2
    assert "budget_hours must be a number above 0" in capsys.readouterr().err
