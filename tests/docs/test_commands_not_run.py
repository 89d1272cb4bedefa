"""Commands of the pages that no test runs, for they take a cluster or hours, are right too.

Their settings compose, their options are in the program's own help, and their extras, targets and
studies exist.
"""

import functools
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from longlag.cli.main import parser
from longlag.runs.config import resolve
from longlag.studies.study import study_of
from markdown_page import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
FENCED = re.compile(r"^(<!-- not run.*?-->\n)?```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
HELPED = ("dask", "ray", "mlflow", "tensorboard")  # a program and, but for the last, what it does


def written(page: Path) -> list[list[str]]:
    """The commands of a page in blocks that are shown and not run, and those of make and pip."""
    found = []
    for why, language, block in FENCED.findall(page.read_text(encoding="utf-8")):
        if language not in ("sh", "text"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if not re.match(rf"(longlag|make|pip|{'|'.join(HELPED)}) ", line):
                continue
            words = shlex.split(line, comments=True)
            if why or language == "text" or words[0] in ("make", "pip"):
                found.append(words)
    return found


COMMANDS = {" ".join(words): words for page in PAGES for words in written(page)}


def test_the_pages_have_such_commands_of_every_program():
    assert {words[0] for words in COMMANDS.values()} >= {"longlag", "make", "pip", "dask", "ray"}
    assert len(COMMANDS) > 30


@functools.cache
def targets() -> set[str]:
    return set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@functools.cache
def extras() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return set(project["optional-dependencies"])


@functools.cache
def help_of(program: str, what: str) -> str:
    folder = Path(sys.executable).parent
    command = [str(folder / program), what, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def composes(words: list[str]) -> None:
    """Hold a command of longlag against its parser, and its settings against conf/."""
    asked = parser()[0].parse_args(words)
    settings = [word for word in words[1:] if "=" in word]
    if asked.command == "train":
        assert resolve(settings)
    elif asked.command == "bench" and any(word.startswith("study=") for word in settings):
        kept = [word for word in settings if not word.startswith("budget_hours=")]
        assert study_of(kept).cells
    for word in settings:
        if word.startswith("claim=") and word != "claim=all":
            for claim in word.removeprefix("claim=").split(","):
                assert (ROOT / "conf" / "claim" / f"{claim}.yaml").is_file(), claim


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_not_run_asks_for_what_there_is(command: str):
    program, *words = COMMANDS[command]
    if program == "longlag":
        composes(words)
    elif program == "make":
        settings = [word.split("=")[0] for word in words if "=" in word]
        assert {word for word in words if "=" not in word} <= targets()
        assert all(f"$({name})" in (ROOT / "Makefile").read_text() for name in settings)
    elif program == "pip":
        wanted = re.findall(r"longlag\[([\w,-]+)\]", command)
        assert {extra for found in wanted for extra in found.split(",")} <= extras()
    else:
        said = help_of(program, words[0])
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert re.search(rf"{option}\b", said), option
