"""docs/how-to-choose-a-cell.md and what lies beside the atlas follow from its records."""

import importlib.util
from pathlib import Path

import pytest

from longlag.records.atlas import as_csv, read_atlas
from longlag.records.reader import holds_records
from longlag.report.atlas import to_choice, to_text
from synthetic_atlas import write_atlas

ROOT = Path(__file__).parents[2]
ATLAS = ROOT / "results" / "atlas"


def test_the_page_is_what_the_records_say():
    spec = importlib.util.spec_from_file_location("make_choice", ROOT / "docs" / "make_choice.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path, text in script.written().items():
        assert path.read_text() == text, f"{path}: run python docs/make_choice.py"


@pytest.mark.skipif(not holds_records(ATLAS), reason="the atlas is not computed here")
def test_the_table_and_the_findings_are_what_the_records_say():
    atlas = read_atlas(ATLAS)
    assert (ATLAS / "atlas.csv").read_text() == as_csv(atlas.rows), "run longlag atlas"
    assert (ATLAS / "atlas.md").read_text() == to_text(atlas, "atlas.md"), "run longlag atlas"


def test_the_page_of_an_atlas_has_a_line_for_every_task_and_names_the_best(tmp_path: Path):
    text = to_choice(write_atlas(tmp_path / "atlas"))
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == 4 and all(line.count("|") == lines[0].count("|") for line in lines)
    assert lines[1].startswith("| add up what came long ago | adding | ≥ 200 | GRU; tied: 3 | ")
    assert "not at its end here yet" in text  # two places are still open
    assert "None" not in text and "nan" not in text
