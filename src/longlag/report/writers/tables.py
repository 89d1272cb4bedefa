"""A table as a file of its own: csv with the numbers in full, and LaTeX to be put into a paper."""

import csv
import io
import re
from collections.abc import Iterable

from longlag.report.document import Table
from longlag.report.format import NONE, TIMES

TEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    TIMES: r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "→": r"$\to$", "∞": r"$\infty$",
    "λ": r"$\lambda$", "τ": r"$\tau$", "‖": r"$\|$", NONE: "--",
    "<": "$<$", ">": "$>$", "|": "$|$",
}  # fmt: skip
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "-01234567890123456789")
WIDTH = {"p": r"p{0.3\linewidth}"}


def to_csv(table: Table) -> str:
    """Write the values of a table; the heading above a row becomes its first column."""
    grouped, group = any(row.heading for row in table.rows), ""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["group", *table.header] if grouped else table.header)
    for row in table.rows:
        group = row.heading or group
        if row.cells:
            values = [*([group] if grouped else []), *(cell.value for cell in row.cells)]
            lines.writerow(map(inert, values))
    return file.getvalue()


def inert(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    formula = isinstance(value, str) and re.match(r"[=+@\t\r]|-(?![\d.\s]|$)", value)
    return f"'{value}" if formula else value


def to_tex(table: Table) -> str:
    """Write a table as a LaTeX tabular, as it is shown; it needs the package booktabs."""
    lines = [
        f"% {' '.join(table.caption.split())}",
        rf"\begin{{tabular}}{{{''.join(WIDTH.get(letter, letter) for letter in table.align)}}}",
        r"\toprule",
        joined(table.header),
        r"\midrule",
    ]
    for row in table.rows:
        head = rf"\multicolumn{{{len(table.header)}}}{{l}}{{\emph{{{escaped(row.heading)}}}}} \\"
        lines.append(head if row.heading else joined(cell.text for cell in row.cells))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def joined(cells: Iterable[str]) -> str:
    """Write a row."""
    text = " & ".join(map(escaped, cells))
    mark = "{}" if text.startswith("[") else ""  # or it were an argument of the row above
    return rf"{mark}{text} \\"


def escaped(text: str) -> str:
    """Write text for LaTeX: its special letters, and signs that not every font has."""
    text = "".join(TEX.get(letter, letter) for letter in text)
    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: f"$^{{{m[0].translate(RAISED)}}}$", text)
    return re.sub("[₀₁₂₃₄₅₆₇₈₉]+", lambda m: f"$_{{{m[0].translate(RAISED)}}}$", text)
