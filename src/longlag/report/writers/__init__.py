"""One document, many files: a page, a paper, its supplement, Markdown, and each table's own."""

from pathlib import Path

from longlag.records.atomic import write_bytes
from longlag.report.document import Document, Picture, Table
from longlag.report.figures.style import beside
from longlag.report.writers.html import to_html
from longlag.report.writers.markdown import to_markdown
from longlag.report.writers.pdf import to_pdf, to_supplement
from longlag.report.writers.tables import to_csv, to_tex


def write(document: Document, folder: Path) -> list[Path]:
    """Write the files, each in one go; return their paths, and the folder of the tables."""
    sections = (*document.paper, *document.supplement)
    parts = {
        "report.html": to_html(document).encode(),
        "report.pdf": to_pdf(document),
        "supplement.pdf": to_supplement(document),
        "report.md": to_markdown(document).encode(),
        "references.bib": document.bibtex.encode(),
    }
    pictures = {b.key: b for s in document.paper for b in s.blocks if isinstance(b, Picture)}
    if "flow" in pictures:
        parts["gradient-flow.svg"] = beside(pictures["flow"].panels).encode()
    names = [*parts, "tables"]
    for table in (b for s in sections for b in s.blocks if isinstance(b, Table)):
        parts[f"tables/{table.key}.csv"] = to_csv(table).encode()
        parts[f"tables/{table.key}.tex"] = to_tex(table).encode()
    for name, content in parts.items():
        write_bytes(folder / name, content)
    return [folder / name for name in names]
