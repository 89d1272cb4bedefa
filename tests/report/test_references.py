"""A report over runs without a recurrence tells their scores, and of their gradient nothing."""

from pathlib import Path

import pytest

from longlag.records.headers import display_name
from longlag.report.document import Table
from longlag.report.writers.html import to_html
from report_of import blocks, document, rows, words
from synthetic_study import trained


@pytest.mark.parametrize("cells", [("rnn", "transformer"), ("tcn",)], ids="-".join)
def test_a_study_with_a_reference_has_a_report(cells: tuple[str, ...], tmp_path: Path):
    for cell in cells:
        trained(tmp_path / "some", cell)
    found = document(tmp_path / "some")
    assert all(display_name(cell) in words(found) for cell in cells)
    tables = {b.key: rows(b) for b in blocks(found) if isinstance(b, Table)}
    assert tables["scores"][display_name(cells[-1])][-1] == "0"  # numbers in its state
    assert ("RNN h" in tables.get("rates", {})) == ("rnn" in cells)
    assert not [path for path in tables.get("rates", {}) if "no recurrence" in path]
    assert "no recurrence" in to_html(found)
