"""What a report says, before it is a page: blocks that HTML, PDF and Markdown each set their way.

Text is plain, with `code` between backticks, *stress* between stars and [n] for a reference.
"""

from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Table:
    """Rows of ready-made text; a row that begins with None is a heading over those below it."""

    key: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    align: str = ""  # l or r for each column; l, r, r, ... if it is not given
    note: str = ""
    wide: bool = False  # over both columns of the paper

    @property
    def alignment(self) -> str:
        """One letter a column."""
        return self.align or "l" + "r" * (len(self.header) - 1)


@dataclass(frozen=True)
class Picture:
    """A vector figure, the same in HTML and PDF."""

    key: str
    caption: str
    alt: str
    svg: str
    wide: bool = False


@dataclass(frozen=True)
class Panel:
    """An interactive figure, in HTML alone: a caption and the data for its script."""

    key: str
    caption: str
    data: dict


Block = Text | Points | Equation | Code | Table | Picture | Panel


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    appendix: bool = False  # after the references of the paper, over its whole width


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    subtitle: str
    question: str
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    references: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = field(default=())  # the line of facts under the title
