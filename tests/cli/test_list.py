"""What `longlag list` and `longlag show` tell."""

import re

import pytest

from longlag.cli import main
from longlag.cli.list import GROUPS
from longlag.records.headers import folder, read_header


@pytest.mark.parametrize("group", GROUPS)
def test_every_choice_of_conf_has_a_gloss(group):
    for path in (folder() / group).glob("*.yaml"):
        assert read_header(path).gloss, path


@pytest.mark.parametrize("group", ["cell", "task"])
def test_every_cell_and_every_task_has_a_source(group):
    for path in (folder() / group).glob("*.yaml"):
        assert read_header(path).source, path
        assert group == "task" or read_header(path).equation, path


def test_every_choice_is_listed_and_so_are_the_users_own(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "cell").mkdir()
    (tmp_path / "cell" / "mine.yaml").write_text("# A cell of mine.\n_target_: my_cells.Mine\n")
    assert main(["list", "cells", "--config-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for path in (folder() / "cell").glob("*.yaml"):
        assert re.search(rf"^\s*{path.stem}\s", out, re.MULTILINE), path.stem
    assert "A cell of mine." in out
    assert "f c' + i g" in out


def test_a_task_is_drawn(capsys):
    assert main(["show", "task=temporal_order", "task.length=20"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"answer\s+[XY][XY]", out)
