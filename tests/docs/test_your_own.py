"""docs/your-own.md works word for word, in an empty folder."""

import importlib
import sys
from pathlib import Path

import pytest

from markdown_page import commands, run, write_files

PAGE = "docs/your-own.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The page's files in an empty folder; what was imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    names = write_files(PAGE, tmp_path)
    yield tmp_path
    for name in names:
        sys.modules.pop(Path(name).stem, None)
    importlib.invalidate_caches()


def test_every_file_and_command_of_the_page_works(folder: Path):
    done = [(words, run(words)) for words in commands(PAGE)]
    assert len(done) >= 7
    for words, status in done:
        assert status == 0, " ".join(words)
    assert (folder / "mine" / "mine" / "report.pdf").stat().st_size > 0
    assert len(list(folder.glob("results/single/*/record.json"))) == 2
