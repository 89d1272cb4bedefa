"""The report as a two-column paper, set by Typst; the same document gives the same bytes."""

import json
import re
import tempfile
from dataclasses import replace
from importlib import resources
from pathlib import Path

import typst

from longlag.report.document import (
    Block,
    Code,
    Document,
    Equation,
    Panel,
    Picture,
    Points,
    Section,
    Table,
    Text,
)  # fmt: skip
from longlag.report.writers.inline import Look, marked

LONGEST = 44  # rows of a table that still floats on a page
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\#$*_`@<>[]~=-+/'\""})
LOOK = Look(
    plain=lambda text: text.translate(SPECIAL),
    code=lambda text: f"#raw({json.dumps(text)})",
    stress=lambda text: f"#emph[{text.translate(SPECIAL)}]",
    reference=lambda number: f"\\[{number}\\]",
)


def to_pdf(document: Document) -> bytes:
    """The paper."""
    template = resources.files("longlag.report") / "templates" / "paper.typ"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "paper.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        content = {
            "title": document.title,
            "subtitle": document.subtitle,
            "question": document.question,
            "facts": [list(fact) for fact in document.facts],
            "findings": [marked(text, LOOK) for text in document.findings],
            "references": [marked(text, LOOK) for text in document.references],
            "sections": [whole(section, root) for section in arranged(document.sections)],
        }
        (root / "data.json").write_text(json.dumps(content), encoding="utf-8")
        return typst.compile(
            str(root / "paper.typ"), root=folder, ignore_system_fonts=True, timestamp=0
        )


def arranged(sections: tuple[Section, ...]) -> list[Section]:
    """Tables too long to float go to an appendix of their own."""
    long, found = [], []
    for s in sections:
        over = [b for b in s.blocks if isinstance(b, Table) and len(b.rows) > LONGEST]
        if over and not s.appendix:
            long += over
            s = replace(s, blocks=tuple(b for b in s.blocks if b not in over))
        found.append(s)
    return [*found, Section("tables", "Long tables", tuple(long), True)] if long else found


def whole(section: Section, root: Path) -> dict:
    """A section as the template reads it."""
    blocks = [one(block, root) for block in section.blocks]
    return {
        "title": section.title, "appendix": section.appendix, "blocks": [b for b in blocks if b],
    }  # fmt: skip


def ratio(svg: str) -> float:
    """Height over width."""
    size = dict(re.findall(r'\b(width|height)="([\d.]+)pt"', svg))
    return float(size["height"]) / float(size["width"])


def one(block: Block, root: Path) -> dict | None:
    """A block as the template reads it; a figure is written beside it."""
    match block:
        case Text():
            return {"kind": "text", "text": marked(block.text, LOOK)}
        case Points():
            return {"kind": "points", "items": [marked(item, LOOK) for item in block.items]}
        case Equation():
            return {"kind": "equation", "text": block.typst}
        case Code():
            return {"kind": "code", "lines": [list(line) for line in block.lines]}
        case Picture():
            (root / f"{block.key}.svg").write_text(block.svg, encoding="utf-8")
            caption = marked(block.caption, LOOK)
            return {
                "kind": "picture", "file": f"{block.key}.svg", "caption": caption,
                "alt": block.alt, "wide": block.wide, "page": block.wide, "ratio": ratio(block.svg),
            }  # fmt: skip
        case Table():
            return {
                "kind": "table",
                "caption": marked(block.caption, LOOK),
                "note": marked(block.note, LOOK),
                "header": list(block.header),
                "rows": [list(row) for row in block.rows],
                "align": list(block.alignment),
                "wide": block.wide,
            }
        case Panel():
            return None
