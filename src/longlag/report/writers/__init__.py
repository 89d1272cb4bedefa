"""One document, three ways to set it."""

from pathlib import Path

from longlag.report.document import Document
from longlag.report.writers.html import to_html
from longlag.report.writers.markdown import to_markdown
from longlag.report.writers.pdf import to_pdf


def write(document: Document, folder: Path) -> list[Path]:
    """Write the three files, each in one go; returns their paths."""
    parts = {
        "report.html": to_html(document).encode(),
        "report.pdf": to_pdf(document),
        "report.md": to_markdown(document).encode(),
    }
    for name, content in parts.items():
        whole = folder / f".{name}.part"
        whole.write_bytes(content)
        whole.replace(folder / name)
    return [folder / name for name in parts]
