"""The three files: whole, self-contained, the same each time, and telling the numbers they read."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.report import build
from longlag.report.document import Cell, Code, Document, Points, Row, Section, Table, Text
from longlag.report.format import sig
from longlag.report.writers.html import to_html
from longlag.report.writers.pdf import to_pdf, to_supplement
from report_of import view


def test_the_files_are_written_and_named(built):
    for name in ("report.pdf", "supplement.pdf"):
        assert (built / name).read_bytes().startswith(b"%PDF")
    for name in ("report.html", "report.md"):
        assert (built / name).stat().st_size > 5000
    assert "<svg" in (built / "gradient-flow.svg").read_text()
    assert not list(built.glob(".*.part"))


def test_the_same_records_give_the_same_bytes(small):
    files = build(small)
    assert files[-1] == small / "tables"
    paths = [*files[:-1], *sorted(files[-1].iterdir())]
    first = [path.read_bytes() for path in paths]
    build(small)
    assert [path.read_bytes() for path in paths] == first


class Reader(HTMLParser):
    """Collects ids, links and what a browser would fetch; refuses what is left open."""

    void = frozenset(("meta", "link", "br", "input", "img", "hr"))

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.fetched, self.images = [], [], [], [], []
        self.records, self.files = [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in self.void:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            kind = {"#": self.links, "d": self.files}.get(found["href"][0], self.records)
            kind.append(found["href"])
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href") and tag != "a"]
        if found.get("role") == "img":
            self.images.append(found)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(built):
    reader = Reader()
    reader.feed((built / "report.html").read_text())
    return reader


def test_the_page_is_well_formed_and_needs_nothing_from_outside(page):
    assert page.open == []
    assert all(v.startswith(("#", "data:")) for v in page.fetched)


def test_every_link_of_the_page_leads_somewhere_and_no_id_is_used_twice(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_every_row_of_the_scores_leads_to_the_record_of_its_median_run(page, built):
    found = {g.typical.id for g in view(built).groups}
    assert {path.removesuffix("/record.json") for path in page.records} == found
    assert all((built / path).is_file() for path in page.records)


def test_every_figure_has_words_for_those_who_do_not_see_it(page):
    assert len(page.images) >= 9
    assert all(len(image["aria-label"]) > 30 for image in page.images)


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_every_row_has_its_score_floor_and_command(built, name):
    text = (built / name).read_text()
    for g in view(built).groups:
        assert sig(g.score.value) in text and sig(g.runs[0].floor) in text
        assert g.runs[0].command in text


def test_a_failed_run_is_listed_with_its_command(built):
    text = (built / "report.md").read_text()
    assert "lstm-copy-dead failed: RuntimeError: no (`longlag train`)" in text


def test_a_single_run_without_plan_probe_or_curve_still_has_a_report(study, tmp_path):
    source = next(study.glob("lstm-digits*"))
    alone = tmp_path / "alone" / source.name
    alone.mkdir(parents=True)
    shutil.copy(source / "record.json", alone)
    build(alone.parent)
    text = (alone.parent / "report.md").read_text()
    assert "| LSTM |" in text and "Gradient flow" not in text
    assert "no run has a learning curve beside its record" in text


def test_a_diverged_run_and_a_zero_gradient_do_not_break_the_report(small):
    for path in small.glob("rnn-adding-100*"):
        record = json.loads((path / "record.json").read_text())
        record |= {"status": "diverged", "metrics": {"validation": {}, "test": {}}}
        record["solved"]["met"] = False
        (path / "record.json").write_text(json.dumps(record))
        with np.load(path / "probe.npz") as file:
            arrays = {name: file[name] for name in file.files}
        arrays["profile/0/h"][:, 20:] = 0
        arrays["profile/0/h"][-1] = np.nan
        arrays["gate/0/f"] = np.full((11, 100), np.nan)
        np.savez(path / "probe.npz", allow_pickle=False, **arrays)
    build(small)
    text = (small / "report.md").read_text()
    assert "(3 diverged)" in text and not re.search(r"\bnan\b", text)


def test_a_missing_package_is_one_clear_line(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(LonglagError, match=r"typst is not installed: run `pip install 'longlag\["):
        build(study)


def test_neither_statistics_nor_report_import_torch():
    code = (
        "import sys, longlag.stats, longlag.report, longlag.report.compose, longlag.report.writers;"
        "assert 'torch' not in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_text_that_looks_like_markup_is_shown_as_it_is():
    text = '</script><b>a & b</b> #strong[x] $y$ \\ `co"de` "q" // http://x [7] *s* _u_ @z'
    cells = Row((Cell(text, text, text), Cell(text, text)))
    table = Table("t", ("a", "b"), (cells, Row(heading=text)), "lr", text, text)
    section = Section("s", text, (Text(text), Points((text,)), Code(((text, text),)), table))
    whole = Document(text, text, ((text, text),), (text,), (section,), (section,), (text,) * 7)
    page = to_html(whole)
    assert "<b>a" not in page
    assert re.search(r"<h1>&lt;/script&gt;&lt;b&gt;a &amp; b", page)
    assert to_pdf(whole).startswith(b"%PDF") and to_supplement(whole).startswith(b"%PDF")


def test_a_broken_file_is_missing_with_a_reason_and_the_rest_stands(small):
    path = next(small.glob("lstm-*/probe.npz"))
    path.write_bytes(b"")
    build(small)
    text = (small / "report.md").read_text()
    assert f"{path.parent.name}/probe.npz counts as missing" in text and "| LSTM |" in text


def test_no_word_of_a_record_becomes_part_of_the_page(small):
    for path in small.glob("*/record.json"):
        record = json.loads(path.read_text())
        record["floors"][0]["why"] = "a {{ 11 * 1913 }}\n::: figure nothing\n## x | y"
        path.write_text(json.dumps(record))
    build(small)
    text = (small / "report.md").read_text()
    assert "21043" not in text and "\n## x" not in text


def test_the_main_paper_of_a_study_has_at_most_six_pages(built):
    pages = re.findall(rb"/Type ?/Page\b", (built / "report.pdf").read_bytes())
    assert 2 <= len(pages) <= 6
