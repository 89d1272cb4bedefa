"""The paper holds every word of its document, wherever columns and pages break."""

import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest

from longlag.report.document import (
    Block,
    Cell,
    Document,
    Picture,
    Points,
    Row,
    Section,
    Table,
    Text,
)
from longlag.report.writers.pdf import to_pdf

READER = shutil.which("pdftotext")
pytestmark = pytest.mark.skipif(not READER, reason="no pdftotext to read the paper with")


def drawing(key: str, height: int, wide: bool) -> Picture:
    """An empty figure, `height` points high and as wide as a column or a page."""
    width = 500 if wide else 245
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}"><rect width="{width}" height="{height}"/></svg>'
    )
    return Picture(key, (svg,), 1, wide, "A caption.", "A figure.")


def paper(filler: int, height: int) -> tuple[Document, list[str]]:
    """Tables, figures and points with a number for every word; and these numbers."""
    numbers = map(str, count(10_000))
    said: list[str] = []

    def words(n: int) -> str:
        found = [next(numbers) for _ in range(n)]
        said.extend(found)
        return " ".join(found)

    rows = tuple(Row((Cell(words(1), 0), Cell(words(1), 0))) for _ in range(14))
    blocks: list[Block] = [
        Text(words(filler)),
        Table("links", ("a", "b"), rows, "lr", "A table.", wide=True),
        drawing("outcome", height, False),
        Points((words(60), words(30))),
        Text(words(40)),
        *(drawing(f"wide-{i}", 220, True) for i in range(2)),
        Points(tuple(words(35) for _ in range(8))),
    ]
    section = Section("s", "S", tuple(blocks))
    return Document("t", "q", (("k", "v"),), ("f",), (section,), (), ("r",)), said


@pytest.mark.parametrize("height", [200, 300])
def test_no_word_is_lost_where_a_list_breaks_beside_a_figure(height, tmp_path: Path):
    for filler in range(0, 900, 60):
        document, said = paper(filler, height)
        path = tmp_path / "paper.pdf"
        path.write_bytes(to_pdf(document))
        command = [READER or "", "-raw", str(path), "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert not set(said) - set(text.split()), f"lost with {filler} words before"


def test_a_mark_takes_nothing_of_the_text_behind_it(tmp_path: Path):
    text = Text("`one`; *two*; `three`(four) *five*[six] `seven`.eight")
    document = Document("t", "q", (), ("f",), (Section("s", "S", (text,)),), (), ("r",))
    path = tmp_path / "paper.pdf"
    path.write_bytes(to_pdf(document))
    command = [READER or "", "-raw", str(path), "-"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "one; two; three(four) five[six] seven.eight" in " ".join(found.split())
