"""`longlag train` and what Hydra's users expect of it: sweeps, --cfg, a dry run, completion."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from longlag.cli import main
from longlag.cli.complete import completions
from longlag.runs.config import INCIDENTAL, resolve
from tiny import TINY

QUIET = (*TINY, "logger=none", "probe=off")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def test_options_may_stand_anywhere_between_the_settings(capsys, place: Path):
    (place / "conf" / "cell").mkdir(parents=True)
    text = "# Mine.\n_target_: longlag.cells.Elman\n_partial_: true\n"
    (place / "conf" / "cell" / "mine.yaml").write_text(text)
    words = ["train", "cell=mine", "--config-dir", "conf", "task=copy", "--cfg", "job", "seed=3"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "longlag.tasks.Copy" in said and "seed: 3" in said
    assert not (place / "results").exists()


def test_a_sweep_trains_every_combination_once_and_a_broken_one_costs_itself(capsys, place: Path):
    words = ["train", "-m", "cell=rnn,gru", "seed=range(2)", *QUIET]
    assert main(words) == 0
    said = capsys.readouterr()
    records = sorted(place.glob("results/single/*/record.json"))
    assert len(records) == 4 and "4/4 runs" in said.err
    assert all(path.parent.name in said.out for path in records)
    before = [path.stat().st_mtime_ns for path in records]
    assert main(words) == 0
    assert [path.stat().st_mtime_ns for path in records] == before


def test_a_dry_run_says_what_would_be_run_and_runs_nothing(capsys, place: Path):
    assert main(["train", "--dry-run", "cell=rnn,gru", *QUIET]) == 0
    assert capsys.readouterr().out.count("to be trained") == 2
    assert main(["bench", "--plan", "study=smoke", "trainer.max_steps=50"]) == 0
    said = capsys.readouterr().out
    assert "24 runs, 0 recorded already" in said and "about" in said
    assert not (place / "results").exists()


def test_what_is_broken_in_a_sweep_or_a_study_is_refused_before_anything_is_run(
    capsys, place: Path
):
    for words in (
        ["train", *QUIET, "task.length=5,0"],
        ["bench", "study=smoke", "task=adding", "task.length=0"],
        ["bench", "study=bench", "task.length=20"],  # one of its tasks has no length
        ["bench", "study=smoke", "trainer.max_steps=55"],
        ["bench", "study=smoke", "optim.lr=abc"],
        ["bench", "study=smoke", "cell=lsmt"],
        ["bench", "study=smoke", "+trainer.devices=2"],
        ["bench", "study=smoke", "+cell.colour=red"],
        ["bench", "study=smoke", "executor.workers=0"],
        ["bench", "study=smoke", "study.seeds=[x]"],
        ["bench", "study=smoke", "study.tasks=[a,b]"],
        ["bench", "study=smoke", "study.grid=[]"],
    ):
        assert main(words) == 2, words
        err = capsys.readouterr().err.strip()
        assert err.startswith("longlag: error: ") and "\n" not in err, err
        assert not (place / "results").exists(), words


def test_what_a_run_says_of_itself_is_true(capsys, place: Path):
    assert main(["train", "cell=rnn", *QUIET, "logger=none"]) == 0
    said = capsys.readouterr().out
    assert "finished after 20 steps, not solved" in said
    assert "probe.npz" not in said and "curve.csv" in said


def test_the_printed_command_trains_the_run_again_with_the_same_numbers(capsys, place: Path):
    assert main(["train", "cell=rnn", *QUIET]) == 0
    (path,) = place.glob("results/single/*/record.json")
    record = json.loads(path.read_text())
    assert main([*record["command"].split()[1:], "logger=none"]) == 0
    (again,) = place.glob("again/single/*/record.json")
    assert again.parent.name == path.parent.name
    assert json.loads(again.read_text())["metrics"] == record["metrics"]


def test_longlag_alone_is_help_and_the_help_of_a_command_names_groups_keys_and_an_example(capsys):
    assert main([]) == 0
    assert "longlag" in capsys.readouterr().out
    for command in ("train", "bench"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0
        said = capsys.readouterr().out
        for part in ("cell=", "lstm_peephole", "trainer.max_steps", f"longlag {command} "):
            assert part in said
        example = said.strip().splitlines()[-1].split()[2:]
        resolve([w for w in example if "," not in w and w.split("=")[0] not in INCIDENTAL])


def test_the_shell_completes_groups_choices_and_keys():
    assert "cell=lstm" in completions("cell=ls") and "cell=" in completions("ce")
    assert "trainer.max_steps=" in completions("trainer.")
    env = {**os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": "longlag train ce", "COMP_POINT": "16",
           "_ARGCOMPLETE_IFS": " ", "_ARGCOMPLETE_SHELL": "bash"}  # fmt: skip
    code = "import sys; sys.argv[0] = 'longlag'; from longlag.cli import main; main()"
    done = subprocess.run(
        ["bash", "-c", f'"$0" -c "{code}" 8>&1 9>/dev/null', sys.executable],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "cell=" in done.stdout.split(), done.stderr


def test_the_shell_offers_place_what_it_takes_and_nothing_that_it_refuses():
    from longlag.cli.main import complete_setting
    from longlag.cli.place import parse

    given = argparse.Namespace(command="place", config_dir=None)
    offered = complete_setting("", given)
    assert {"cell=", "tasks=", "budget_minutes=", "results=", "executor="} <= set(offered)
    for word in offered:
        value = "5" if word == "budget_minutes=" else "gru"
        parse(["cell=gru", *([] if word == "cell=" else [f"{word}{value}"])], None)
    assert "tasks=" not in complete_setting("", argparse.Namespace(command="train"))


def test_the_runs_that_there_are_can_be_listed(capsys, place: Path):
    assert main(["list", "runs"]) == 0
    assert "no runs" in capsys.readouterr().out
    assert main(["train", "cell=rnn", *QUIET, "results=mine"]) == 0
    capsys.readouterr()
    assert main(["list", "runs", "results=mine"]) == 0
    (path,) = place.glob("mine/single/*/record.json")
    said = capsys.readouterr().out
    assert path.parent.name in said and "single" in said and "mse" in said


def test_a_cell_that_cannot_be_compiled_is_told_in_one_line_without_a_place_in_the_source(
    place: Path,
):
    (place / "conf" / "cell").mkdir(parents=True)
    (place / "conf" / "cell" / "odd.yaml").write_text(
        "# Odd.\n_target_: odd.Odd\n_partial_: true\n"
    )
    (place / "odd.py").write_text(
        "from longlag.cells import Elman, Hidden\n\n\n"
        "class Odd(Elman):\n"
        "    def step(self, u, s):\n"
        "        return Hidden(super().step(u, s).h.sort(-1).values)\n"
    )
    train = [sys.executable, "-m", "longlag", "train", "--config-dir", "conf", "cell=odd", *QUIET]
    for seeds in ("seed=0", "seed=1,2"):  # in this process, and in a worker
        done = subprocess.run(
            [*train, seeds, "executor.workers=1"], capture_output=True, text=True, check=True
        )
        said = [line for line in done.stderr.splitlines() if "runs on loop" in line]
        assert len(said) == 1 and "odd.py" not in done.stderr, done.stderr
        assert said[0].startswith("longlag: warning: Odd runs on loop: ")
        assert "`longlag check odd.Odd`" in said[0]
