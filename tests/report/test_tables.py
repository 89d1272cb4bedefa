"""Tables as files of their own: csv with every digit, LaTeX that says what the report says."""

import csv
import re
from urllib.parse import unquote

from longlag.report.document import Cell, Row, Table
from longlag.report.tables.columns import Column, build, words
from longlag.report.writers.html import files
from longlag.report.writers.tables import to_csv, to_tex

ROWS = ("first, of two", ("a_1 & b < c", 0.123456789), ("[c]", float("nan")), "second", ("d", 3e-5))
COLUMNS = (words("cell", lambda row: row[0]), Column("score", lambda row: row[1]))


def test_the_csv_has_every_digit_and_each_row_stands_by_itself():
    lines = list(csv.reader(to_csv(build("k", COLUMNS, ROWS)).splitlines()))
    assert lines[0] == ["group", "cell", "score"]
    assert lines[1] == ["first, of two", "a_1 & b < c", "0.123456789"]
    assert lines[2:] == [["first, of two", "[c]", ""], ["second", "d", "3e-05"]]
    assert to_csv(build("k", COLUMNS, [("d", 1.5)])) == "cell,score\nd,1.5\n"


def test_the_latex_has_as_many_cells_in_each_row_as_columns_and_no_bare_sign():
    lines = to_tex(build("k", COLUMNS, ROWS)).splitlines()
    assert lines[1:3] == [r"\begin{tabular}{lr}", r"\toprule"]
    assert lines[3] == r"cell & score \\"
    assert lines[5] == r"\multicolumn{2}{l}{\emph{first, of two}} \\"
    assert lines[6] == r"a\_1 \& b $<$ c & 0.123 \\"
    assert lines[7] == r"{}[c] & -- \\"
    assert lines[9] == r"d & 3.00$\times$10$^{-5}$ \\"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]


def test_every_table_of_a_report_is_there_as_csv_and_as_latex_that_any_font_can_set(built):
    found = {path.stem for path in (built / "tables").iterdir()}
    assert {"scores", "scores-full", "floors", "rates", "links", "horizons"} <= found
    for key in found:
        lines = (built / "tables" / f"{key}.tex").read_text().splitlines()
        width = len(re.sub(r"p\{[^}]*\}", "p", lines[1].split("}{", 1)[1][:-1]))
        for line in (line for line in lines if line.endswith(r"\\") and "multicolumn" not in line):
            assert len(re.findall(r"(?<!\\)&", line)) == width - 1
        body = "".join(lines[1:])
        assert all(letter.isascii() or (letter.isalpha() and letter < "\u0250") for letter in body)
        rows = list(csv.reader((built / "tables" / f"{key}.csv").read_text().splitlines()))
        assert len({len(row) for row in rows}) == 1 and all("nan" not in row for row in rows)


def test_the_page_holds_the_files_of_its_tables():
    table = Table("k", ("a",), (Row((Cell("é", 0.25),)),), "r")
    kinds, links = zip(*files(table), strict=True)
    assert kinds == ("csv", "tex")
    assert [unquote(link.partition(",")[2]) for link in links] == [to_csv(table), to_tex(table)]


def test_a_column_that_no_row_fills_is_left_out_and_long_words_get_lines_of_their_own():
    columns = (*COLUMNS, Column("none", lambda row: float("nan")), words("why", lambda row: row[2]))
    table = build("k", columns, [("a", 1.0, "short"), ("b", 2.0, "word " * 20)])
    assert table.header == ("cell", "score", "why") and table.align == "lrp"
