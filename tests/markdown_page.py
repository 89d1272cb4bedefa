"""The blocks of a page of docs/: files, whose name stands in their first line, and commands."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from longlag.cli.main import main

ROOT = Path(__file__).parents[1]
FENCE = re.DOTALL | re.MULTILINE


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, in order, but for those with a reason before them.

    The reason is a line `<!-- not run: why -->`.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.finditer(rf"^(?:<!-- (not run.*?) -->\n)?```{language}\n(.*?)^```", text, FENCE)
    return [block[2] for block in found if not block[1]]


def write_files(page: str, folder: Path) -> list[str]:
    """Write every block that begins with `# name` below `folder`; return the names."""
    names = []
    for text in (*blocks(page, "python"), *blocks(page, "yaml")):
        if name := re.match(r"# (\S+\.(?:py|yaml))\b", text):
            path = folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            names.append(name[1])
    return names


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of every command in the page's sh blocks; comments are left out."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def run(words: list[str]) -> int:
    """Run a command of a page and return its exit status; longlag's run in this process."""
    program, *arguments = words
    if program == "longlag":
        return main(arguments)
    assert program == "python", f"the page runs {program}"
    return subprocess.run([sys.executable, *arguments], check=False, timeout=60).returncode
