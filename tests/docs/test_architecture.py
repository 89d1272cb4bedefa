"""docs/architecture.md is true to src/: its rooms, their arrows and every path that it names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "longlag"
TOLD = ("docs/architecture.md", "CONTRIBUTING.md")
PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
UPWARDS = {("records", "longlag.nn.layer_names")}  # told on the page
WITHOUT_TORCH = ("stats", "records", "report")


def rooms() -> dict[str, set[str]]:
    """The page's table: room -> the rooms that it may import."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+? \|(.*)\|$", text, re.MULTILINE)
    named = {name: {word.strip() for word in cell.split(",")} - {""} for name, cell in rows}
    return {name: set(named) if "all of them" in may else may for name, may in named.items()}


def below(room: str, found: dict[str, set[str]]) -> set[str]:
    """The rooms that a room stands on, directly or not."""
    seen: set[str] = set()
    waiting = [*found[room]]
    while waiting:
        name = waiting.pop()
        waiting += [] if name in seen else found[name]
        seen.add(name)
    return seen


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_table_names_every_room_and_no_other():
    assert set(rooms()) == {path.parent.name for path in SOURCE.glob("*/__init__.py")}


def test_no_two_rooms_meet_in_a_circle():
    found = rooms()
    del found["cli"]
    assert not [room for room in found if room in below(room, found)]


@pytest.mark.parametrize("room", rooms())
def test_imports_point_downwards(room: str):
    allowed, wrong = {room, "errors", *rooms()[room]}, []
    for path in sorted((SOURCE / room).rglob("*.py")):
        for name in imports(path):
            package, _, rest = name.partition(".")
            if package != "longlag" or (room, name.rpartition(".")[0]) in UPWARDS:
                continue
            target = rest.split(".")[0]
            if target in rooms() and target not in allowed:
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert not wrong


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_records_report_and_stats_do_not_load_torch(room: str):
    files = sorted((SOURCE / room).rglob("*.py"))
    names = [".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in files]
    modules = ", ".join(name.removesuffix(".__init__") for name in names)
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("page", TOLD)
def test_every_path_on_the_page_exists(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`([\w./]+/[\w./]*|\w+\.(?:py|md|yaml))`", text)
    assert len(named) > 5
    for name in named:
        assert any((base / name).exists() for base in (ROOT, SOURCE)), f"{page} names {name}"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_of_the_page_leads_somewhere(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([\w./-]+)\)", text):
        assert ((ROOT / page).parent / link).exists(), f"{page} links to {link}"
