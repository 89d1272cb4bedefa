"""README: its example runs, its commands work, and its tree is the one that is there."""

import re
import sys
from pathlib import Path

import pytest
import torch

from longlag.cli.main import COMMANDS
from longlag.runs.config import resolve
from longlag.studies.study import study_of
from markdown_page import ROOT, blocks, commands, run, write_files

PAGE = "README.md"
QUICK = ("list", "show", "explain", "check")
LONG = ("train", "bench")  # composed, not run: other tests run smaller ones


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The page's files in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield write_files(PAGE, tmp_path)
    sys.modules.pop("my_cells", None)


def test_the_library_example_prints_a_gradient_that_fades(capsys: pytest.CaptureFixture[str]):
    example = next(text for text in blocks(PAGE, "python") if not text.startswith("# my_"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        exec(compile(example, PAGE, "exec"), {})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["1", "10", "50", "99"]
    norms = [float(row[1]) for row in rows]
    assert norms == sorted(norms, reverse=True) and norms[-1] > 0


def test_every_command_of_longlag_works(folder: list[str]):
    assert folder == ["my_cells.py", "conf/cell/leaky.yaml"]
    seen = set()
    for words in commands(PAGE):
        if words[0] != "longlag":
            assert words[0] in ("make", "source")
            continue
        name = words[1]
        seen.add(name)
        assert name in COMMANDS
        if name in QUICK:
            assert run(words) == 0, " ".join(words)
        elif name in LONG:
            place = Path("conf") if "--config-dir" in words else None
            settings = [word for word in words[2:] if "=" in word]
            assert resolve(settings, place) if name == "train" else study_of(settings, place).cells
    assert seen >= {"demo", "probe", "forecast", "extrapolate", *QUICK, *LONG}


def test_the_tree_is_the_one_that_is_there():
    tree = re.search(r"## The tree\n\n```\n(.*?)```", (ROOT / PAGE).read_text(), re.DOTALL)[1]
    rooms = set(re.findall(r"^  (\w+)/", tree, re.MULTILINE))
    assert rooms == {path.parent.name for path in (ROOT / "src/longlag").glob("*/__init__.py")}
    for name in re.findall(r"^(\S+)", tree, re.MULTILINE):
        assert (ROOT / name).exists(), name
