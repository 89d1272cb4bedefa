"""The rows of an atlas say what its records say, however many there are of them."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from longlag.records.atlas import AtlasRow, as_csv, read_atlas
from longlag.records.foretelling import alike, foretold, outliers
from longlag.records.untrained import read_untrained
from synthetic_atlas import CELLS, ODD, RUNGS, STILL, UNKNOWN, bare, held, write_atlas

ROW = AtlasRow(
    cell="lstm", name="LSTM", year=1997, family="LSTM", task="adding", kind="horizon", value=50,
    low=20, high=100, decided=True, decay_at_init=0.1, step_us=900.0, parameters=9, state=2,
)  # fmt: skip


def test_there_is_a_row_for_every_cell_on_every_task(atlas_folder: Path):
    rows = read_atlas(atlas_folder).rows
    assert {(row.cell, row.task) for row in rows} == {
        (cell, task) for cell in CELLS for task in ("adding", "parity", "chorales")
    }


def test_a_horizon_is_the_highest_rung_that_was_held(atlas_folder: Path):
    for row in read_atlas(atlas_folder).rows:
        if row.kind == "horizon" and (row.cell, row.task) not in STILL | UNKNOWN:
            count = held(row.cell, row.task)
            assert row.decided and row.value == (RUNGS[count - 1] if count else None)


def test_what_is_not_decided_is_said_to_be_so(atlas_folder: Path):
    rows = {(row.cell, row.task): row for row in read_atlas(atlas_folder).rows}
    for pair in STILL | UNKNOWN:
        assert not rows[pair].decided and not rows[pair].known
    assert [rows[pair].shown for pair in UNKNOWN] == ["?"]


def test_a_study_without_a_plan_is_read_as_one_where_nothing_is_decided(tmp_path: Path):
    folder = write_atlas(tmp_path / "atlas")
    (folder / "plan.json").unlink()
    rows = read_atlas(folder).rows
    assert rows and not any(row.known for row in rows)


def test_the_table_holds_every_row_with_the_numbers_in_full(atlas_folder: Path):
    rows = read_atlas(atlas_folder).rows
    read = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert read == list(csv.DictReader(io.StringIO((atlas_folder / "atlas.csv").read_text())))
    assert len(read) == len(rows)
    for found, row in zip(read, rows, strict=True):
        assert found["value"] == ("" if row.value is None else str(row.value))
        assert found["state"] == ("0" if bare(row.cell) else "60")


def test_horizons_tie_where_their_half_open_intervals_meet():
    assert ROW.ties(replace(ROW, low=50, high=None))
    assert not ROW.ties(replace(ROW, low=100, high=None))  # [20, 100) ends before 100
    assert not ROW.ties(replace(ROW, low=None, high=20))
    assert replace(ROW, low=None, high=5).ties(replace(ROW, low=None, high=20))


@pytest.mark.parametrize("rises", [True, False])
def test_scores_tie_where_their_intervals_meet_whichever_way_is_better(rises: bool):
    score = replace(ROW, kind="score", value=1.0, low=0.9, high=1.1, rises=rises)
    assert score.ties(replace(score, low=1.1, high=1.3))
    assert not score.ties(replace(score, low=1.2, high=1.3))
    assert (score.goodness < replace(score, value=2.0).goodness) == rises


def test_a_gradient_that_foretells_is_found_and_one_that_does_not_is_not(atlas_folder: Path):
    found = {(one.predictor, one.task): one for one in foretold(read_atlas(atlas_folder))}
    assert found["decay", "adding"].foretells and found["exponent", "adding"].foretells
    assert not found["decay", "parity"].foretells and found["decay", "parity"].p > 0.05
    assert not found["forgetting", ""].foretells  # no cell of this atlas has a gate


def test_a_cell_counts_once_over_all_tasks(atlas_folder: Path):
    found = {(one.predictor, one.task): one for one in foretold(read_atlas(atlas_folder))}
    assert found["decay", ""].rank.pairs == sum(not bare(cell) for cell in CELLS)


def test_the_cell_that_remembers_against_its_gradient_is_the_first_outlier(atlas_folder: Path):
    first = outliers(read_atlas(atlas_folder))[0]
    assert first.row.cell == ODD and first.found > first.expected


def test_a_damaged_file_of_the_untrained_cells_counts_as_missing(tmp_path: Path, caplog):
    folder = write_atlas(tmp_path / "atlas")
    (folder / "untrained.json").write_text('{"starts": [{}]}')
    assert read_untrained(folder).starts == [] and "untrained.json is damaged" in caplog.text
    assert all(row.decay_at_init is None for row in read_atlas(folder).rows)


def test_two_measures_of_one_thing_order_the_cells_alike(atlas_folder: Path):
    assert alike(read_atlas(atlas_folder)).rho == pytest.approx(1.0)  # exponent = -decay there
