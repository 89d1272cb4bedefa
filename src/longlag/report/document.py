"""What a report says, before it is a page: blocks that HTML, PDF and Markdown each set their way.

Text is plain, with `code` between backticks, *stress* between stars and [n] for a reference.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Equation:
    """A displayed equation: in Unicode, in Typst's notation and in MathML."""

    plain: str
    typst: str
    mathml: str


@dataclass(frozen=True)
class Code:
    """Lines to be copied into a shell, each with what it gives."""

    lines: tuple[tuple[str, str], ...]  # (label, command)


class Cell(NamedTuple):
    """A number or a word of a table: what is shown, and what is sorted and exported."""

    text: str
    value: float | str
    link: str = ""  # where HTML leads from here


class Row(NamedTuple):
    """The cells of a row; a heading over the rows below it has none."""

    cells: tuple[Cell, ...] = ()
    heading: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a header."""

    key: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    align: str  # of each column: r for numbers, l for words, p for words on several lines
    caption: str = ""
    note: str = ""
    wide: bool = False  # over both columns of the paper


@dataclass(frozen=True)
class Picture:
    """A vector figure: panels, each a drawing of its own, so that a phone can stack them."""

    key: str
    panels: tuple[str, ...]  # SVG
    columns: int  # panels beside each other on a page
    wide: bool  # over both columns of the paper
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Panel:
    """An interactive figure, in HTML alone: a caption and the data for its script."""

    key: str
    data: dict[str, Any]
    caption: str = ""


Block = Text | Points | Equation | Code | Table | Picture | Panel


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report: a short paper, and a supplement that holds everything else."""

    title: str
    question: str
    facts: tuple[tuple[str, str], ...]  # the line under the title
    findings: tuple[str, ...]  # the sentences of the abstract
    paper: tuple[Section, ...]
    supplement: tuple[Section, ...] = ()
    references: tuple[str, ...] = field(default=())
    bibtex: str = ""  # of the same


MARK = re.compile(r"`([^`]+)`|\*(\S[^*]*?)\*(?!\w)|\[(\d+)\](?!\d)")


class Look(NamedTuple):
    """How a writer sets plain text and the three marks."""

    plain: Callable[[str], str]
    code: Callable[[str], str]
    stress: Callable[[str], str]
    reference: Callable[[str], str]


def marked(text: str, look: Look) -> str:
    """Set the marks of `text`."""
    parts, end = [], 0
    for match in MARK.finditer(text):
        parts.append(look.plain(text[end : match.start()]))
        code, stress, reference = match.groups()
        if code is not None:
            parts.append(look.code(code))
        elif stress is not None:
            parts.append(look.stress(stress))
        else:
            parts.append(look.reference(reference))
        end = match.end()
    return "".join([*parts, look.plain(text[end:])])
