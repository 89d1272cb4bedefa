"""The report as a paper and its supplement, set by Typst: the same document, the same bytes."""

import json
import tempfile
from pathlib import Path
from typing import Any

import typst

from longlag.report import document as doc
from longlag.report.document import Look, marked
from longlag.report.words import read

SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\#$*_`@<>[]~=-+/'\""})
LOOK = Look(
    plain=lambda text: text.translate(SPECIAL),
    code=lambda text: f"#raw({quoted(text)});",  # or Typst would take a ; of the text
    stress=lambda text: f"#emph[{text.translate(SPECIAL)}];",
    reference=lambda number: f"\\[{number}\\]",
)


def quoted(text: str) -> str:
    """Write a text as a string of Typst's, whose escapes are not those of JSON."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{" ".join(escaped.split())}"'


def to_pdf(document: doc.Document) -> bytes:
    """Set the paper: two columns, with its references."""
    return typeset(document, document.paper, "paper")


def to_supplement(document: doc.Document) -> bytes:
    """Set everything else: one column, its figures and tables numbered S1, S2, ..."""
    return typeset(document, document.supplement, "supplement")


def typeset(document: doc.Document, sections: tuple[doc.Section, ...], kind: str) -> bytes:
    """Set some sections of a document by Typst."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "paper.typ").write_text(read("paper.typ"), encoding="utf-8")
        content = {
            "kind": kind,
            "title": document.title,
            "question": document.question,
            "facts": [list(fact) for fact in document.facts],
            "findings": [marked(text, LOOK) for text in document.findings],
            "references": [marked(text, LOOK) for text in document.references],
            "sections": [
                {
                    "title": s.title,
                    "blocks": [found for b in s.blocks if (found := prepare_block(b, root))],
                }
                for s in sections
            ],
        }
        (root / "data.json").write_text(json.dumps(content), encoding="utf-8")
        return typst.compile(
            str(root / "paper.typ"), root=folder, ignore_system_fonts=True, timestamp=0
        )


def prepare_block(block: doc.Block, root: Path) -> dict[str, Any] | None:
    """Prepare a block for the template; the panels of a figure are written beside it."""
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
            files = [f"{block.key}-{i}.svg" for i in range(len(block.panels))]
            for file, panel in zip(files, block.panels, strict=True):
                (root / file).write_text(panel, encoding="utf-8")
            return {
                "kind": "picture", "key": block.key, "alt": block.alt, "wide": block.wide,
                "files": files, "columns": block.columns, "caption": marked(block.caption, LOOK),
            }  # fmt: skip
        case doc.Table():
            return {
                "kind": "table", "key": block.key, "align": block.align, "wide": block.wide,
                "caption": marked(block.caption, LOOK), "note": marked(block.note, LOOK),
                "header": list(block.header),
                "rows": [[None, r.heading] if r.heading else [c.text for c in r.cells]
                         for r in block.rows],
            }  # fmt: skip
        case doc.Panel():
            return None
