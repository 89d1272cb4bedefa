"""Numbers, marks and labels as people read them."""

import numpy as np
import pytest

from longlag.report import words
from longlag.report.document import Cell, Points, Row, Table, Text, marked
from longlag.report.figures.style import inline, spread
from longlag.report.format import around, bracket, listed, percent, power, seconds, sig
from longlag.report.references import bibliography, line
from longlag.report.writers import markdown
from longlag.report.writers.html import LOOK as HTML
from longlag.report.writers.pdf import LOOK as TYPST

TIMES, NONE = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (0.16667, "0.167"),
        (12.34, "12.3"),
        (123456.0, "123,456"),
        (-0.5, "-0.500"),
        (3.2e-12, f"3.20{TIMES}10⁻¹²"),
        (float("nan"), NONE),
        (float("inf"), "∞"),
    ],
)
def test_a_number_has_three_significant_digits(number, text):
    assert sig(number) == text


def test_what_is_left_of_a_gradient_is_a_power_of_ten():
    assert power(np.log(3e-24)) == "10⁻²⁴"
    assert power(np.log(0.25)) == "0.25"
    assert power(-np.inf) == "0"


def test_intervals_lists_shares_and_durations():
    assert bracket((0.5, 0.25, 0.75)) == "[0.25, 0.75]"
    assert bracket((0.5, 0.15231, 0.15242)) == "[0.1523, 0.1524]"  # never without a width
    assert around((0.5, 0.5, 0.5), 5) == around((0.5, np.nan, np.nan), 5) == "all 5 alike"
    assert around((0.5, np.nan, np.nan), 1) == NONE
    assert listed(["a", "b", "c"]) == "a, b and c" and listed(["a"]) == "a"
    assert percent(0.8) == "80 %"
    assert [seconds(x) for x in (3.21, 42.0, 600.0, 9000.0)] == ["3.2 s", "42 s", "10 min", "2.5 h"]


def test_marks_are_set_and_everything_else_is_escaped():
    text = "Use `a*b < c` for *this* & 2 * 3 [1]."
    assert marked(text, HTML) == (
        'Use <code>a*b &lt; c</code> for <em>this</em> &amp; 2 * 3 <a href="#reference-1">[1]</a>.'
    )
    assert marked("#x_1 *y*", TYPST) == "\\#x\\_1 #emph[y];"


def test_an_interval_in_brackets_is_no_reference():
    assert marked("[50, 50]", HTML) == "[50, 50]"


def test_labels_are_pushed_apart_and_stay_in_order_and_inside():
    heights = [0.0, 0.01, 0.02, 0.5, 0.99, 1.0]
    placed = spread(heights, 0.1)
    assert np.diff(placed).min() >= 0.1 - 1e-9
    assert placed[0] >= 0 and placed[-1] <= 1
    assert placed[3] == 0.5


def test_a_figure_in_a_page_has_ids_of_its_own():
    text = '<?xml?><svg><g id="a"/><use href="#a" style="clip-path: url(#a); fill: #1b1b1f"/></svg>'
    found = inline(text, "k")
    assert found.startswith("<svg>") and "#1b1b1f" not in found
    assert 'id="k-a"' in found and 'href="#k-a"' in found and "url(#k-a)" in found


def test_a_bar_in_a_cell_does_not_break_a_markdown_table():
    rows = (Row((Cell("x|y", "x|y"), Cell("1", 1))), Row(heading="part"))
    block = Table("k", ("a", "b"), rows, "lr", "Caption.")
    lines = markdown.table(block, 1).splitlines()[2:]
    assert [line.count("|") for line in lines] == [3, 3, 3, 3]


TEMPLATE = """
## First | one
A paragraph on
two lines [@sen1968].

- a point

-
- another,
  which goes on

::: table t

A caption [@holm1979].
---
A note.
:::

## Empty | none

## Last | last
::: figure f
Caption.
:::
"""


def parts(text, monkeypatch):
    """The sections of a template with one table and a figure that cannot be made."""
    monkeypatch.setattr(words, "read", lambda name: text)

    def missing(key):
        raise words.Missing("gates")

    empty = Table("t", ("a",), (), "l")
    return words.sections("x", {}, words.Parts(missing, lambda _: empty, missing, missing))


def test_a_template_becomes_sections_of_blocks_and_an_empty_one_is_left_out(monkeypatch):
    monkeypatch.setattr(words, "read_toml", words.read_toml)
    words.read_toml("sentences.toml")
    first, last = parts(TEMPLATE, monkeypatch)
    text, points, table = first.blocks
    assert text == Text("A paragraph on two lines [@sen1968].")
    assert points == Points(("a point", "another, which goes on"))
    assert isinstance(table, Table) and (table.caption, table.note) == (
        "A caption [@holm1979].", "A note."
    )  # fmt: skip
    assert (first.title, first.key, last.key) == ("First", "one", "last")


def test_a_figure_that_cannot_be_made_says_why(monkeypatch):
    words.read_toml("sentences.toml")
    (_, last) = parts(TEMPLATE, monkeypatch)
    (reason,) = last.blocks
    assert isinstance(reason, Text) and "no cell of the study names its gates" in reason.text


def test_a_table_is_spoken_of_by_its_number_and_by_its_name_where_there_is_none():
    text = words.cited(Text("Table [#scores] has both, [#speed] nothing [@a]."), {}, {"scores": 2})
    assert text == Text("Table 2 has both, *speed* nothing [1].")


def test_citations_are_numbered_as_they_are_met():
    numbers: dict[str, int] = {}
    assert words.cite("[@b] [@a] [@b]", numbers) == "[1] [2] [1]"
    assert list(numbers) == ["b", "a"]


def test_every_key_that_is_cited_is_in_the_references_and_the_other_way_round():
    texts = "".join(words.read(f) for f in ("paper.md", "supplement.md", "sentences.toml"))
    assert set(words.CITED.findall(texts)) == set(words.read_toml("references.toml"))


def test_a_source_is_a_line_of_the_list_and_an_entry_of_bibtex():
    keys = words.read_toml("references.toml")
    assert line("cho2014") == (
        "K. Cho et al. Learning phrase representations using RNN encoder-decoder for statistical "
        "machine translation. EMNLP, 2014."
    )
    text = bibliography(keys)
    assert all(text.count(f"{{{key},\n") == 1 for key in keys)
    assert "author = {K. Cho and others}" in text and "and et al" not in text
    assert "author = {S. Hochreiter and J. Schmidhuber}" in text and "volume = {9(8)}" in text


def test_every_condition_and_sentence_is_a_template_that_can_be_read():
    made = words.environment()
    for name, rows in words.read_toml("sentences.toml").items():
        for row in rows:
            made.compile_expression(row.get("if", "true"))
            made.from_string(row["say"])
        assert "if" not in rows[-1] or name == "limit"  # the last is said where no other is


def test_captions_of_the_paper_are_short():
    fences = words.read("paper.md").split("\n::: ")[1:]
    for fence in (f for f in fences if f.startswith(("figure", "table"))):
        assert len(fence.partition("\n")[2].partition("\n---")[0]) < 330
