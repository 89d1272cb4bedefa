"""The report as Markdown: every word and table; figures stay in the HTML and the PDF."""

import re
from collections.abc import Iterable, Iterator
from itertools import count

from longlag.report import document as doc
from longlag.report.words import environment, read

LIVE = re.compile(r"`[^`]*`|<(?=[A-Za-z/!?])|\]\(")


def to_markdown(document: doc.Document) -> str:
    """Write the whole text."""
    made = environment()
    made.finalize = None
    made.trim_blocks = made.lstrip_blocks = True
    made.keep_trailing_newline = True
    tables = count(1)
    made.globals |= {"body": lambda section: body(section, tables)}
    made.filters["inert"] = inert
    return made.from_string(read("report.md")).render(document=document)


def inert(text: str) -> str:
    """Return text in which nothing but code, stress and references is Markdown: no tag, no link."""
    ways = {"<": "&lt;", "](": "]\\("}
    return LIVE.sub(lambda found: ways.get(found[0], found[0]), text)


def body(section: doc.Section, tables: Iterator[int]) -> str:
    """Write the blocks of a section; `tables` numbers them."""
    return "\n\n".join(text for block in section.blocks if (text := write_block(block, tables)))


def write_block(block: doc.Block, tables: Iterator[int]) -> str:
    """Write a block's lines."""
    match block:
        case doc.Text():
            return inert(block.text)
        case doc.Points():
            return "\n".join(f"- {inert(item)}" for item in block.items)
        case doc.Equation():
            return f"> {block.plain}"
        case doc.Code():
            lines = (
                " ".join(f"{command}  # {label}".split("\n")) for label, command in block.lines
            )
            return "\n".join(["```sh", *lines, "```"])
        case doc.Table():
            return table(block, next(tables))
        case doc.Picture():
            return f"*Figure ({block.key}).* {inert(block.caption)}"
        case doc.Panel():
            return ""


def table(block: doc.Table, number: int) -> str:
    """Write a table with its caption above it; a heading row stands bold in the first column."""
    lines = [f"**Table {number} ({block.key}). {inert(block.caption)}**", "", *rows(block)]
    return "\n".join([*lines, *(["", inert(block.note)] if block.note else [])])


def rows(block: doc.Table) -> list[str]:
    """Write the lines of a table alone."""
    bars = ["---:" if letter == "r" else ":---" for letter in block.align]
    lines = [joined(block.header), joined(bars)]
    for row in block.rows:
        blank = [""] * (len(block.header) - 1)
        cells = [f"**{row.heading}**", *blank] if row.heading else [c.text for c in row.cells]
        lines.append(joined(cells))
    return lines


def joined(cells: Iterable[str]) -> str:
    """Write a row."""
    return f"| {' | '.join(inert(' '.join(cell.split())).replace('|', '/') for cell in cells)} |"
