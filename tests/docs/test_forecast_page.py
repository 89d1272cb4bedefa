"""docs/forecast-a-series.md: its commands run, and print the lines that it shows."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from longlag.cli.main import main
from markdown_page import blocks, commands

PAGE = "docs/forecast-a-series.md"
SMALL = "trainer.max_steps=2 trainer.validate_every=2 trainer.validation_size=8 logger=none"


def without_numbers(text: str) -> list[str]:
    """The lines of a text, a hash for every number; the simple answers belong to the task."""
    text = re.sub(r"\(others: .*\)", "(others)", text)
    return [re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "#", line)) for line in text.splitlines()]


def test_the_commands_print_the_lines_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    pairs = list(zip(*[commands(PAGE)] * 2, strict=True))
    shown = blocks(PAGE, "text")
    assert len(pairs) == len(shown) == 2
    for (train, forecast), page in zip(pairs, shown, strict=True):
        assert main([*train[1:], *SMALL.split()]) == 0
        task = next(word for word in train if word.startswith("task=")).removeprefix("task=")
        (run,) = tmp_path.glob(f"results/single/*-{task}-*")
        assert forecast == ["longlag", "forecast", "RUN"]
        out = io.StringIO()
        monkeypatch.setattr("longlag.cli.forecast.OUT", Console(file=out, soft_wrap=True))
        assert main(["forecast", run.name]) == 0
        printed = without_numbers(out.getvalue())
        for line in without_numbers(page):
            assert line in printed
