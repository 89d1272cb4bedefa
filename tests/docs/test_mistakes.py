"""The common mistakes of docs/your-own.md: longlag answers each as the page says."""

import re
import sys
from pathlib import Path

import pytest

from longlag.cli.main import main
from markdown_page import ROOT, write_files

PAGE = "docs/your-own.md"
CHECK_CELL, CHECK_TASK = "check my_cells.TwoSpeed", "check my_tasks.SameSign"
TRAIN = "train --config-dir conf cell=two_speed task=same_sign logger=none"
MISTAKES = {  # as the page names them: (file, what is right, the mistake, command)
    "no `State = Memories` in the class": (
        "my_cells.py",
        "State = Memories  #",
        "#",
        CHECK_CELL,
    ),
    "`step` returns a tensor": (
        "my_cells.py",
        "return Memories(torch.tanh(a + self.V(m)), m)",
        "return torch.tanh(a + self.V(m))",
        CHECK_CELL,
    ),
    "`step` returns a plain tuple": (
        "my_cells.py",
        "return Memories(torch.tanh(a + self.V(m)), m)",
        "return torch.tanh(a + self.V(m)), m",
        CHECK_CELL,
    ),
    "`dim=1` in `step`": ("my_cells.py", "chunk(2, dim=-1)", "chunk(2, dim=1)", CHECK_CELL),
    "a mean over the batch": (
        "my_cells.py",
        "m = f * s.m + (1 - f) * s.h",
        "m = f * s.m + (1 - f) * (s.h - s.h.mean(-2, keepdim=True))",
        CHECK_CELL,
    ),
    "`project` looks ahead": (
        "my_cells.py",
        "return self.W(x)",
        "return self.W(x + x.mean(0))",
        CHECK_CELL,
    ),
    "a parameter that nothing uses": (
        "my_cells.py",
        "with torch.no_grad():",
        "self.extra = nn.Linear(1, 1)\n        with torch.no_grad():",
        CHECK_CELL,
    ),
    "an argument of `__init__` without a default": (
        "my_cells.py",
        "keep_bias=2.0)",
        "keep_bias)",
        CHECK_CELL,
    ),
    "no `_partial_: true` in the yaml": (
        "conf/cell/two_speed.yaml",
        "_partial_: true",
        "",
        TRAIN,
    ),
    "`sample` draws from torch's global generator": (
        "my_tasks.py",
        "1, generator=rng)",
        "1)",
        CHECK_TASK,
    ),
    "the target is (B,) and not (T,B)": (
        "my_tasks.py",
        "label.expand(T, -1)",
        "label",
        CHECK_TASK,
    ),
    "a floor that needs no memory to beat": (
        "my_tasks.py",
        "label = (x[0, :, 0] * x[-1, :, 0] > 0).long()",
        "label = (x[-1, :, 0] > 0).long()",
        CHECK_TASK,
    ),
}


def rows() -> dict[str, str]:
    """The page's table: mistake -> what longlag says."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    section = text.partition("### Common mistakes")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)[1:])


def test_the_page_tells_of_these_mistakes_and_of_no_others():
    assert list(rows()) == list(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_as_the_page_says(
    mistake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    names = write_files(PAGE, tmp_path)
    file, right, wrong, command = MISTAKES[mistake]
    path = tmp_path / file
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong))
    try:
        assert main(command.split()) != 0
    finally:
        for name in names:
            sys.modules.pop(Path(name).stem, None)
    said = capsys.readouterr()
    assert rows()[mistake] in answers(said.out, said.err)


def answers(out: str, err: str) -> list[str]:
    """The error line, and every broken law with what was seen, as the page writes them."""
    lines = [line.removeprefix("longlag: error: ") for line in err.splitlines()]
    broken = re.findall(r"│ (.+?) +│ broken │ (.*?) +│", out)
    return [*lines, *(f"*{law}*: {why}" for law, why in broken)]
