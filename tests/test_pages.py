"""The generated pages and headers are those that the code would write now."""

import importlib.util
import re
import subprocess
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tasks_criteria_and_headers_are_up_to_date():
    for path, text in script("make_tasks").written().items():
        assert path.read_text() == text, f"{path}: run python docs/make_tasks.py"


def test_every_criterion_is_a_paper_s_or_longlag_s_own_and_stands_beside_a_floor():
    rows = [line.split(" | ") for line in (DOCS / "criteria.md").read_text().splitlines()]
    rows = [row for row in rows if row[0].startswith("| ") and len(row) == 4][1:]
    assert len(rows) > 20
    for _, rule, whose, floor in rows:
        assert "at least" in rule or "at most" in rule
        assert whose.startswith("longlag's own") or "section" in whose
        assert floor.strip(" |").split()[1][0].isdigit()


def test_every_link_of_a_page_leads_to_a_file_that_is_kept_in_git():
    root = DOCS.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    kept = {(root / name).resolve() for name in listed.stdout.decode().split("\0")[:-1]}
    templates = root / "src"
    pages = [p for p in kept if p.suffix == ".md" and not p.is_relative_to(templates)]
    assert len(pages) > 10
    for page in pages:
        for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)[^)]*\)", page.read_text()):
            target = (page.parent / link).resolve()
            assert target in kept or target in {path.parent for path in kept}, f"{page}: {link}"


def test_readme_and_the_page_on_1997_say_what_the_records_of_claims_hold():
    for path, text in script("make_claims").written().items():
        assert path.read_text(encoding="utf-8") == text, "run: python docs/make_claims.py"
