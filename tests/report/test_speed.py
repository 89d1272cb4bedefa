"""What the report says of the cost of a step, from a made-up results/speed/speed.json."""

import json
import logging
import re
from pathlib import Path

import pytest

from longlag.records.reader import read_study
from longlag.report import build
from longlag.report.compose import compose
from longlag.report.document import Picture, Points, Section, Table, Text
from longlag.report.format import NONE
from longlag.report.sections.speed import speed

SIZES = ((40, 50), (2, 3))  # the file need not begin with the smallest
ORIGIN = {
    "versions": {"torch": "9.8.7", "longlag": "0.1.0"},
    "git": {"commit": "abcdef0123456789", "dirty": False},
    "machine": {"device": "cpu", "threads": 1, "isa": "AVX77", "system": "Linux"},
}


def timed(cell: str, size: tuple[int, int], auto: str, **times: float) -> dict:
    """A row of the file."""
    named = {name.replace("_", "."): time for name, time in times.items()}
    return {
        "cell": cell, "batch": size[0], "hidden": size[1], "microseconds": named, "auto": auto,
    }  # fmt: skip


def rows(scale: float = 1.0) -> list[dict]:
    """A vendor's cell, two of the peer's, one that nobody else has; scale: of our own times."""
    found = []
    for size, slow in zip(SIZES, (8.0, 1.0), strict=True):
        found += [
            timed("LSTM", size, "fused", loop=400.0, fused=scale * slow * 10, torch_nn=100.0),
            timed("Peer", size, "compiled", loop=400.0, compiled=scale * slow * 20,
                  torchrecurrent=200.0),
            timed("Other", size, "compiled", loop=400.0, compiled=scale * slow * 30,
                  torchrecurrent=200.0),
            timed("Own", size, "loop", loop=1234.5),
        ]  # fmt: skip
    return found


def write(study: Path, **change) -> Path:
    """The file beside a study."""
    folder = study.parent / "speed"
    folder.mkdir(exist_ok=True)
    whole = {"machine": ORIGIN, "steps": 77, "turns": 13, "speed": rows(), "growth": []} | change
    (folder / "speed.json").write_text(json.dumps(whole))
    return study


def sections(study: Path) -> tuple[Section, ...]:
    return speed(read_study(study))


def table(study: Path) -> Table:
    (found,) = (b for s in sections(study) for b in s.blocks if isinstance(b, Table))
    return found


def said(study: Path) -> str:
    texts = [b.text for s in sections(study) for b in s.blocks if isinstance(b, Text)]
    return " ".join(
        [
            *texts,
            *(
                t
                for s in sections(study)
                for b in s.blocks
                if isinstance(b, Points)
                for t in b.items
            ),
        ]
    )


def test_there_is_no_section_where_no_speed_was_measured(small, caplog):
    assert sections(small) == ()
    keys = [section.key for section in compose(read_study(small)).sections]
    assert not any(key.startswith("speed") for key in keys) and not caplog.records


def test_a_row_has_the_time_of_auto_and_its_ratio_to_the_loop_and_to_the_peer(small):
    found = {row[0]: row[1:] for row in table(write(small)).rows if row[0]}
    assert found["LSTM"] == ("fused", "10.0", "0.03", "0.10", "80.0", "0.20", "0.80")
    assert found["Peer"] == ("compiled", "20.0", "0.05", "0.10", "160.0", "0.40", "0.80")
    assert found["Own"] == ("loop", "1,234.5", "1.00", NONE, "1,234.5", "1.00", NONE)


def test_rows_stand_under_the_package_that_has_the_cell_too(small):
    names = [row[0] or row[1] for row in table(write(small)).rows]
    assert names == [
        "beside torch.nn", "LSTM", "beside torchrecurrent", "Other", "Peer", "in neither", "Own",
    ]  # fmt: skip


def test_the_sentences_tell_the_medians_of_the_file_and_where_they_were_measured(small):
    text = said(write(small))
    # the loop at 2x3: 10, 20, 30 and 400 of 400; the peer: 20 and 30 of 200, then eight times that
    assert "takes 0.062 of the plain loop's time (median of 4 cells): it is 16 times as" in text
    assert "takes 0.12 and 1.0 of its time (median)" in text and "at most 1.2." in text
    assert "The LSTM takes 0.100 and 0.800 times as long as `torch.nn.LSTM`" in text
    for fact in ("T = 77", "13 turns", "AVX77", "torch 9.8.7", "commit abcdef0123)"):
        assert fact in text


def test_other_times_in_the_file_are_other_numbers_in_the_report(small):
    before, after = said(write(small)), said(write(small, speed=rows(3.0)))
    assert "The LSTM takes 0.300 and 2.40 times" in after and before != after


def test_a_cell_that_was_not_timed_at_a_size_or_on_auto_has_a_dash(small):
    found = rows()[:-1]
    del found[0]["microseconds"]["fused"]
    shown = {row[0]: row[1:] for row in table(write(small, speed=found)).rows if row[0]}
    assert shown["Own"] == ("loop", NONE, NONE, NONE, "1,234.5", "1.00", NONE)
    assert shown["LSTM"][4:] == (NONE, NONE, NONE)
    build(small)


@pytest.mark.parametrize("one", [0, 3])
def test_one_cell_at_one_size_is_a_report_too(small, one):
    build(write(small, speed=rows()[one : one + 1], turns=1))
    text = (small / "report.md").read_text()
    assert "1 turn," in text and not re.search(r"\b(nan|inf|None)\b", text)


def test_without_a_loop_there_is_neither_figure_nor_sentence_of_it(small):
    found = rows()
    for row in found:
        row["microseconds"].pop("loop")
    blocks = [b for s in sections(write(small, speed=found)) for b in s.blocks]
    assert not any(isinstance(b, Picture) for b in blocks)
    assert "plain loop" not in said(small)


@pytest.mark.parametrize(
    "change",
    [
        {"speed": []},
        {"speed": [{"cell": "LSTM"}]},
        {"speed": [timed("LSTM", (2, 3), "loop", loop=float("nan"))]},
        {"speed": [timed("LSTM", (2, 3), "loop", loop=-1.0)]},
        {"speed": [{**rows()[0], "microseconds": None}]},
        {"speed": 3},
        {"machine": {}},
        {"steps": None},
    ],
)
def test_a_damaged_file_costs_the_section_and_nothing_else(small, caplog, change):
    with caplog.at_level(logging.WARNING, logger="longlag"):
        assert sections(write(small, **change)) == ()
    assert "speed.json is damaged" in caplog.text and "make speed" in caplog.text


def test_a_file_that_was_cut_off_is_damaged(small, caplog):
    path = write(small).parent / "speed" / "speed.json"
    path.write_text(path.read_text()[:100])
    build(small)
    assert "What a step costs" not in (small / "report.md").read_text()


def test_every_writer_has_the_section_and_the_table(small):
    build(write(small))
    for name in ("report.html", "report.md"):
        text = (small / name).read_text()
        for words in ("What a step costs", "What a step of every cell costs", "1,234.5", "0.80"):
            assert words in text
    assert 'id="speed-loop"' in (small / "report.html").read_text()
    assert (small / "report.pdf").read_bytes().startswith(b"%PDF")
