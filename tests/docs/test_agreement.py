"""benchmarks/agreement.py compares curves as docs/agreement.md says; the page has all its rows."""

import sys

import pytest

from markdown_page import ROOT, blocks


@pytest.fixture
def agreement(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import agreement  # pyright: ignore[reportMissingImports]

    return agreement


def test_a_curve_is_told_by_where_it_leaves_the_first_one(agreement):
    want = [1.0, 1.0, 1.0, 1.0]
    assert agreement.compare(want, want, 10).split() == ["every", "bit", "1"]
    assert agreement.compare(want, [1, 1.001, 1.001, 1.02], 10).split() == ["20", "40", "1.02"]
    assert agreement.compare(want, [1, 1, 1, 1 + 1e-8], 10).split() == ["-", "-", "1"]


def test_the_page_shows_every_way_of_every_run(agreement):
    shown = blocks("docs/agreement.md", "text")[1].splitlines()
    starts = [line[:24].strip() for line in shown if line[:24].strip()]
    ways = [way.name for way in agreement.WAYS]
    assert starts == [name for run in agreement.RUNS for name in (run, *ways)]
