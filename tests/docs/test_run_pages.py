"""Every page of docs/ is run: its Python prints what it shows, and its commands end well."""

import re
import sys
from pathlib import Path

import pytest
import torch

from longlag.cli.main import main
from markdown_page import FENCE, ROOT, blocks, commands, run

OWN_TESTS = {  # pages that need a test of their own, because of files or of what they print
    "docs/forecast-a-series.md": "tests/docs/test_forecast_page.py",
    "docs/your-own.md": "tests/docs/test_your_own.py",
    "README.md": "tests/docs/test_readme.py",
}
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"))
    if str(path.relative_to(ROOT)) not in OWN_TESTS
)
WITH_CODE = [page for page in PAGES if blocks(page, "python")]
WITH_COMMANDS = [page for page in PAGES if list(commands(page))]
SHORT = "trainer.max_steps=2 trainer.validate_every=2 trainer.validation_size=8 trainer.test_size=8"


def test_a_page_with_a_test_of_its_own_is_named_in_it():
    for page, test in OWN_TESTS.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")


def test_what_is_not_run_says_why():
    for page in (*PAGES, *OWN_TESTS):
        for why in re.findall(r"<!-- not run(.*?)-->", (ROOT / page).read_text(), re.DOTALL):
            assert re.fullmatch(r"( here)?: \S+( \S+)+ ", why), f"{page}: not run{why}"


@pytest.mark.parametrize("page", WITH_CODE)
def test_the_python_of_a_page_runs_in_order_and_prints_what_it_shows(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    text, names = (ROOT / page).read_text(encoding="utf-8"), {"__name__": page}
    with torch.random.fork_rng(devices=[]):
        for block in re.finditer(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", text, FENCE):
            line = text.count("\n", 0, block.start(1))
            capsys.readouterr()
            exec(compile("\n" * line + block[1], page, "exec"), names)
            assert block[2] is None or capsys.readouterr().out == block[2], page
    for figure in tmp_path.glob("*.svg"):
        assert (ROOT / "docs" / figure.name).exists() and figure.read_text().count("<path") > 20


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_of_a_page_ends_well(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert main(["train", "task=adding", "task.length=5", "logger=none", *SHORT.split()]) == 0
    for words in commands(page):
        latest = max(Path("results/single").glob("*-*"), key=lambda path: path.stat().st_mtime)
        words = [latest.name if word == "RUN" else word for word in words]
        short = SHORT.split() if words[:2] == ["longlag", "train"] and "=" in words[-1] else []
        assert run([*words, *short]) == 0, f"{page}: {' '.join(words)}"
