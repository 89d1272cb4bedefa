"""The three files: whole, self-contained, the same each time, and telling the numbers they read."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.records.gradient_decay import link, outcomes
from longlag.records.reader import read_study
from longlag.records.seed_groups import settings, study_groups
from longlag.report import build
from longlag.report.document import Code, Document, Points, Section, Table, Text
from longlag.report.findings import exceptions, explained
from longlag.report.format import sig
from longlag.report.writers.html import to_html
from longlag.report.writers.pdf import LONGEST, arranged, to_pdf


def test_three_files_are_written_and_named(built):
    assert (built / "report.pdf").read_bytes().startswith(b"%PDF")
    for name in ("report.html", "report.md"):
        assert (built / name).stat().st_size > 5000
    assert "<svg" in (built / "gradient-flow.svg").read_text()
    assert not list(built.glob(".*.part"))


def test_the_same_records_give_the_same_bytes(small):
    files = build(small)
    first = [path.read_bytes() for path in files]
    assert [path.read_bytes() for path in build(small)] == first


class Reader(HTMLParser):
    """Collects ids, links and what a browser would fetch; refuses what is left open."""

    void = frozenset(("meta", "link", "br", "input", "img", "hr"))

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.fetched, self.images = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in self.void:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href") and tag != "a"]
        if tag == "svg":
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


def test_every_figure_has_words_for_those_who_do_not_see_it(page):
    assert len(page.images) >= 9
    assert all(len(image["aria-label"]) > 30 for image in page.images)


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_every_row_has_its_score_floor_and_command(built, name):
    text = (built / name).read_text()
    for groups in settings(study_groups(read_study(built))).values():
        for g in groups:
            assert sig(g.score.value) in text and sig(g.runs[0].floor) in text
            assert g.runs[0].command in text


def test_a_failed_run_is_listed_with_its_command(built):
    text = (built / "report.md").read_text()
    assert "lstm-copy-dead failed: RuntimeError: no (`longlag train`)" in text


def test_the_fitted_rates_are_those_the_profiles_were_made_with(built):
    lines = (built / "report.md").read_text().split("λ at init")[1].splitlines()
    row = next(line for line in lines if line.startswith("| RNN h"))
    assert float(row.split("|")[2]) == pytest.approx(0.55, rel=0.03)


def test_the_findings_say_whether_the_gradient_goes_with_the_outcome(built):
    text = (built / "report.md").read_text()
    assert "On adding, the LSTM and GRU bridge every lag that was tried" in text
    assert "memory horizons are RNN 50 steps" in text
    assert "consequence of the outcome as well as its cause" in text
    assert re.search(r"in 100 % of \d+ pairs after training", text)
    assert "there are 12 such pairs, fewer than the 30" in text


def test_a_claim_on_what_tells_failures_apart_is_made_on_enough_pairs_alone(small, monkeypatch):
    found = outcomes(study_groups(read_study(small)))
    assert "fewer than the 30" in explained(found) and "opens a path" not in explained(found)
    monkeypatch.setattr("longlag.report.findings.ENOUGH", 2)
    assert "of 2 pairs: " in explained(found)


def flatten(study):
    """Give every run of the study the same gradient."""
    for path in study.glob("*/probe.npz"):
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        for name, norms in arrays.items():
            if name.startswith("profile"):
                arrays[name] = np.exp(-0.3 * np.arange(norms.shape[1])) * np.ones_like(norms)
        np.savez(path, allow_pickle=False, **arrays)


def test_a_gradient_that_does_not_explain_the_failures_is_called_so(small, monkeypatch):
    flatten(small)
    monkeypatch.setattr("longlag.report.findings.ENOUGH", 2)
    found = outcomes(study_groups(read_study(small)))
    assert "the gradient does not explain these failures" in explained(found)
    assert "it fades no faster than in a run that solved the task" in exceptions(found)[0]


def test_a_single_run_without_plan_probe_or_curve_still_has_a_report(study, tmp_path):
    source = next(study.glob("lstm-digits*"))
    alone = tmp_path / "alone" / source.name
    alone.mkdir(parents=True)
    shutil.copy(source / "record.json", alone)
    text = build(alone.parent)[2].read_text()
    assert "| LSTM |" in text and "Gradient flow" not in text


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
    text = build(small)[2].read_text()
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
    table = Table("t", text, ("a", "b"), ((text, text), (None, text)), note=text)
    section = Section("s", text, (Text(text), Points((text,)), Code(((text, text),)), table))
    document = Document(text, text, text, (text,), (section,), (text,) * 7, ((text, text),))
    page = to_html(document)
    assert "<b>a" not in page
    assert re.search(r"<h1>&lt;/script&gt;&lt;b&gt;a &amp; b", page)
    assert to_pdf(document).startswith(b"%PDF")


def test_rates_and_outcomes_are_compared_within_a_task_alone(study):
    rows = study_groups(read_study(study))
    found = outcomes(rows)
    adding = [o for o in found if o.row.task == "adding"]
    adding = [replace(o, final=o.final + 5 * (o.run.cell == "gru")) for o in adding]
    shifted = [replace(o, final=o.final + 100) for o in found if o.row.task == "digits"]
    both, alone = link([*adding, *shifted], "final"), link(adding, "final")
    assert (both.auc, both.pairs) == (alone.auc, alone.pairs)
    lost = [o.final for o in adding if not o.run.solved]
    held = [o.final for o in adding if o.run.solved]
    pairs = [(a > b) + 0.5 * (a == b) for a in lost for b in held]
    assert alone.auc == pytest.approx(np.mean(pairs)) and alone.pairs == len(pairs)


def test_where_every_run_solved_or_none_did_the_report_says_it_cannot_tell(small):
    for path in small.glob("*/record.json"):
        record = json.loads(path.read_text())
        record["solved"]["met"] = False
        path.write_text(json.dumps(record))
    found = outcomes(study_groups(read_study(small)))
    assert "cannot be told here: 0 of 9 runs" in explained(found)
    assert explained([]) == ""


def test_a_table_too_long_to_float_stands_in_the_appendix_and_the_text_says_where():
    rows = (("x", "1"),) * (LONGEST + 1)
    tables = [
        Table("long", "Long.", ("a", "b"), rows, wide=True),
        Table("tall", "In a column, where it breaks.", ("a", "b"), rows),
        Table("short", "Short.", ("a", "b"), rows[1:], wide=True),
    ]
    section = Section("s", "S", (Text("Before."), *tables, Text("After.")))
    body, appendix = arranged((section,))
    assert [getattr(b, "key", "") for b in body.blocks] == ["", "long", "tall", "short", ""]
    assert appendix.appendix and appendix.blocks == (tables[0],)
    assert not isinstance(body.blocks[1], Table)
    assert arranged((replace(section, appendix=True),)) == [replace(section, appendix=True)]
    document = Document("t", "t", "q", ("f",), (section,), ("r",), (("k", "v"),))
    assert to_pdf(document) == to_pdf(document)
