"""The report as a two-column paper, set by Typst; the same document gives the same bytes."""

import json
import re
import tempfile
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeGuard

import typst

from longlag.report import document as doc
from longlag.report.writers.inline import Look, marked

LONGEST = 34  # rows of a table over both columns that still floats on a page with text
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\#$*_`@<>[]~=-+/'\""})
LOOK = Look(
    plain=lambda text: text.translate(SPECIAL),
    code=lambda text: f"#raw({json.dumps(text)});",  # or Typst would take a ; of the text
    stress=lambda text: f"#emph[{text.translate(SPECIAL)}];",
    reference=lambda number: f"\\[{number}\\]",
)


def to_pdf(document: doc.Document) -> bytes:
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


@dataclass(frozen=True)
class Moved:
    """What is left in the text of a table that stands in the appendix."""

    key: str


def arranged(sections: tuple[doc.Section, ...]) -> list[doc.Section]:
    """Tables too long to float go to an appendix of their own; a line says where they are."""
    long, found = [], []
    for s in sections:
        over = [] if s.appendix else [b for b in s.blocks if too_long(b)]
        left: Any = tuple(Moved(b.key) if b in over else b for b in s.blocks)
        found.append(replace(s, blocks=left))
        long += over
    return [*found, doc.Section("tables", "Long tables", tuple(long), True)] if long else found


def too_long(block: doc.Block) -> TypeGuard[doc.Table]:
    """Whether a table cannot float; one as wide as a column breaks from column to column."""
    return isinstance(block, doc.Table) and block.wide and len(block.rows) > LONGEST


def whole(section: doc.Section, root: Path) -> dict:
    """A section as the template reads it."""
    blocks = [one(block, root) for block in section.blocks]
    return {
        "title": section.title, "appendix": section.appendix, "blocks": [b for b in blocks if b],
    }  # fmt: skip


def ratio(svg: str) -> float:
    """Height over width."""
    size = dict(re.findall(r'\b(width|height)="([\d.]+)pt"', svg))
    return float(size["height"]) / float(size["width"])


def one(block: doc.Block | Moved, root: Path) -> dict | None:
    """A block as the template reads it; a figure is written beside it."""
    match block:
        case doc.Text():
            return {"kind": "text", "text": marked(block.text, LOOK)}
        case doc.Points():
            return {"kind": "points", "items": [marked(item, LOOK) for item in block.items]}
        case doc.Equation():
            return {"kind": "equation", "text": block.typst}
        case doc.Code():
            return {"kind": "code", "lines": [list(line) for line in block.lines]}
        case doc.Picture():
            (root / f"{block.key}.svg").write_text(block.svg, encoding="utf-8")
            caption = marked(block.caption, LOOK)
            return {
                "kind": "picture", "key": block.key, "file": f"{block.key}.svg", "caption": caption,
                "alt": block.alt, "wide": block.wide, "page": block.wide, "ratio": ratio(block.svg),
            }  # fmt: skip
        case doc.Table():
            return {
                "kind": "table",
                "key": block.key,
                "caption": marked(block.caption, LOOK),
                "note": marked(block.note, LOOK),
                "header": list(block.header),
                "rows": [list(row) for row in block.rows],
                "align": list(block.alignment),
                "wide": block.wide,
            }
        case Moved():
            return {"kind": "moved", "key": block.key}
        case doc.Panel():
            return None
