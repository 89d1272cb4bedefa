"""One document, three ways to set it."""

from pathlib import Path

from longlag.report.document import Document, Picture
from longlag.report.writers.html import to_html
from longlag.report.writers.markdown import to_markdown
from longlag.report.writers.pdf import to_pdf


def write(document: Document, folder: Path) -> list[Path]:
    """Write the files, each in one go; returns their paths."""
    parts = {
        "report.html": to_html(document).encode(),
        "report.pdf": to_pdf(document),
        "report.md": to_markdown(document).encode(),
    }
    pictures = {b.key: b for s in document.sections for b in s.blocks if isinstance(b, Picture)}
    if "flow" in pictures:
        parts["gradient-flow.svg"] = on_white(pictures["flow"].svg).encode()
    for name, content in parts.items():
        whole = folder / f".{name}.part"
        whole.write_bytes(content)
        whole.replace(folder / name)
    return [folder / name for name in parts]


def on_white(svg: str) -> str:
    """A figure that can be read on a page of any colour."""
    start = svg.index(">", svg.index("<svg")) + 1
    return f'{svg[:start]}<rect width="100%" height="100%" fill="white"/>{svg[start:]}'
