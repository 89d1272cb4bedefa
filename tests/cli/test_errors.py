"""Every mistake that a user can make gets one clear line and a status other than zero."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from longlag.cli import main
from longlag.cli.progress import Progress, clock

TINY = ("trainer.max_steps=1", "trainer.validate_every=1", "logger=none", "probe=off")


def fails(capsys, *words: str, status: int = 2) -> str:
    """What `longlag WORDS` says when it fails: one line, no traceback."""
    assert main(words) == status
    err = capsys.readouterr().err.strip()
    assert err.startswith("longlag: error: ") and "\n" not in err
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "cell=lsmt"], ["unknown cell 'lsmt'", "did you mean 'lstm'", "gru"]),
        (["train", "task=ading"], ["unknown task 'ading'", "did you mean 'adding'", "copy"]),
        (["bench", "study=bnech"], ["unknown study 'bnech'", "bench", "smoke"]),
        (["bench"], ["study=NAME"]),
        (["report", "study=smoke", "results=/nowhere"], ["no records", "longlag bench"]),
        (["list", "cels"], ["unknown kind 'cels'", "did you mean 'cells'"]),
        (["train", *TINY, "task=copy", "task.length=-3"], ["length must be at least 1, not -3"]),
        (["train", "--config-dir", "/nowhere"], ["no folder /nowhere"]),
    ],
)
def test_a_mistake_is_told_in_one_line(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = fails(capsys, *words)
    for part in said:
        assert part in line, line


def test_a_results_folder_that_cannot_be_written_is_named(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    for command in (["train"], ["bench", "study=smoke"]):
        line = fails(capsys, *command, f"results={tmp_path}/file")
        assert "cannot write to" in line and "results=DIR" in line


def test_a_cell_that_is_not_there_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "cell").mkdir(parents=True)
    (tmp_path / "conf" / "cell" / "mine.yaml").write_text("_target_: my_cells.Mine\n")
    line = fails(capsys, "train", "--config-dir", "conf", "cell=mine", *TINY)
    assert "my_cells.Mine" in line


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path / "empty"))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    line = fails(capsys, "train", "task=digits", *TINY)
    assert "scikit-learn is not installed" in line and "pip install 'longlag[data]'" in line


def test_an_interrupted_installation_is_named(tmp_path: Path):
    """Half of the packages are there: here, without Hydra."""
    code = (
        "import sys; sys.modules['hydra'] = None\n"
        "from longlag.cli import main\n"
        "sys.exit(main(['train']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert "installation is not complete" in done.stderr and "make setup" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_in_a_single_run_ends_with_130(capsys, monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("longlag.cli.train.run", interrupted)
    assert "what was recorded is kept" in fails(capsys, "train", status=130)


def test_an_unforeseen_error_is_one_line_and_a_traceback_with_debug(capsys, monkeypatch):
    def broken(arguments):
        raise RuntimeError("odd\nand long")

    monkeypatch.setattr("longlag.cli.train.run", broken)
    assert "RuntimeError: odd (run again with --debug" in fails(capsys, "train", status=1)
    assert main(["train", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    for command in ("train", "bench", "report", "list"):
        assert re.search(rf"^\s+{command}\s", out, re.MULTILINE)


def test_the_progress_line_counts_and_estimates():
    progress = Progress(total=10, before=2, count=lambda: (6, 1))
    progress.start -= 8.0
    assert progress.line() == "6/10 runs, 8 s gone, 1 failed, about 8 s left"


@pytest.mark.parametrize(
    ("seconds", "said"), [(3.2, "3 s"), (90, "1 min 30 s"), (7500, "2 h 5 min")]
)
def test_time_is_said_as_a_person_says_it(seconds, said):
    assert clock(seconds) == said
