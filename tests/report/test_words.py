"""Numbers, marks and labels as people read them."""

import numpy as np
import pytest

from longlag.report.document import Table
from longlag.report.figures.style import inline, spread
from longlag.report.format import listed, percent, power, ranged, seconds, sig
from longlag.report.writers import markdown
from longlag.report.writers.html import LOOK as HTML
from longlag.report.writers.inline import marked
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
    assert ranged((0.5, 0.25, 0.75)) == "0.500 [0.250, 0.750]"
    assert ranged((0.5, np.nan, np.nan)) == "0.500"
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
    block = Table("k", "Caption.", ("a", "b"), (("x|y", "1"), (None, "part")))
    rows = markdown.table(block)[2:]
    assert [row.count("|") for row in rows] == [3, 3, 3, 3]
