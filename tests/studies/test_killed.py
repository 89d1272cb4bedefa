"""A study is killed at random moments and loses nothing; `make soak` has a hundred of them."""

import random
from pathlib import Path

import pytest

from killed_studies import furnish, recorded, start, survive

COUNTED = """
import os
from longlag.cells import LSTM

class Counted(LSTM):
    def __init__(self, *sizes, **more):
        super().__init__(*sizes, **more)
        with open(os.environ["TALLY"], "a") as file:
            print(os.getpid(), file=file)
"""
"""A cell that says in which process it was built."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_study_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path: Path):
    words = ["logger=none", "checkpoint.steps=50", "cell=lstm", "trainer.max_steps=200"]
    count = survive(furnish(tmp_path), 2, random.Random(2), words)
    assert count.total() == 2


@pytest.mark.timeout(900)
def test_two_commands_at_once_into_one_folder_run_no_point_twice(tmp_path: Path, monkeypatch):
    place = furnish(tmp_path)
    (place / "my_cells.py").write_text(COUNTED)
    (place / "conf" / "cell").mkdir()
    (place / "conf" / "cell" / "counted.yaml").write_text(
        "_target_: my_cells.Counted\n_partial_: true\n"
    )
    monkeypatch.setenv("TALLY", str(place / "tally"))
    words = [
        "logger=none",
        "study.cells=[counted]",
        "study.seeds=[0,1,2,3]",
        "trainer.max_steps=50",
    ]
    lives = [start(place, "shared", words) for _ in range(2)]
    said = (place / "said.txt").read_text
    assert [life.process.wait(800) for life in lives] == [0, 0], said()
    found = recorded(place / "shared" / "killed")
    parents = {str(life.process.pid) for life in lives}
    tally = [pid for pid in (place / "tally").read_text().split() if pid not in parents]
    assert len(found) == len(tally) == 5
    assert not any((place / "shared" / "killed" / ".leases").iterdir())
