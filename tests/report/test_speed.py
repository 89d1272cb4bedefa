"""What the report says of the cost of a step, from a made-up results/speed/speed.json."""

import json
import logging
import re
from pathlib import Path

import pytest

from longlag.report import build
from report_of import document, view, words

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
    """Two cells of the study, named as its classes are, and one that is not in it."""
    found = []
    for size, slow in zip(SIZES, (8.0, 1.0), strict=True):
        found += [
            timed("LSTM", size, "fused", loop=400.0, fused=scale * slow * 10, torch_nn=100.0),
            timed("gru", size, "compiled", loop=400.0, compiled=scale * slow * 20),
            timed("Other", size, "compiled", loop=400.0, compiled=scale * slow * 399),
        ]
    return found


def write(study: Path, **change) -> Path:
    """The file beside a study whose LSTM is of the class LSTM."""
    folder = study.parent / "speed"
    folder.mkdir(exist_ok=True)
    whole = {"machine": ORIGIN, "steps": 77, "turns": 13, "speed": rows(), "growth": []} | change
    (folder / "speed.json").write_text(json.dumps(whole))
    for path in study.glob("lstm-*/record.json"):
        path.write_text(path.read_text().replace("longlag.cells.lstm", "longlag.cells.LSTM"))
    return study


def sections(study: Path) -> list[str]:
    return [section.key for section in document(study).supplement]


def test_there_is_no_section_where_no_speed_was_measured(small, caplog):
    assert "speed" not in sections(small) and not caplog.records


def test_the_cells_of_the_study_are_shown_and_no_other(small):
    costs = view(write(small)).costs
    assert costs is not None and costs.cells == ["gru", "LSTM"]


def test_the_sentences_tell_the_medians_of_the_file_and_where_they_were_measured(small):
    text = words(document(write(small)))
    # the loop at 2x3: 10 and 20 of 400
    assert re.search(r"takes 0\.03[78] of the plain loop's time \(median of 2 cells\)", text)
    assert "The LSTM takes 0.100 times as long as `torch.nn.LSTM` at 2" in text
    for fact in ("T = 77", "13 turns", "AVX77", "torch 9.8.7", "commit abcdef0123)"):
        assert fact in text


def test_other_times_in_the_file_are_other_numbers_in_the_report(small):
    text = words(document(write(small, speed=rows(3.0))))
    assert "The LSTM takes 0.300 times as long" in text


def test_one_cell_at_one_size_is_a_report_too(small):
    build(write(small, speed=rows()[:1], turns=1))
    text = (small / "report.md").read_text()
    assert "1 turn." in text and not re.search(r"\b(nan|inf|None)\b", text)


def test_without_a_loop_there_is_no_sentence_of_it_and_the_figure_says_why(small):
    found = rows()
    for row in found:
        row["microseconds"].pop("loop")
    text = words(document(write(small, speed=found)))
    assert "of the plain loop's time" not in text
    assert "no cell of the study was timed against the plain loop" in text


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
        assert view(write(small, **change)).costs is None
    assert "speed.json is damaged" in caplog.text and "make speed" in caplog.text


def test_a_file_that_was_cut_off_is_damaged(small):
    path = write(small).parent / "speed" / "speed.json"
    path.write_text(path.read_text()[:100])
    assert "speed" not in sections(small)
