"""What a study's folder says is read whole or skipped with a line, and never crashes a report."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from longlag.errors import LonglagError
from longlag.records.reader import read_study
from longlag.records.record import Answer, as_text, parse
from longlag.records.run import Run
from longlag.records.seed_groups import group, study_groups
from longlag.records.store import Store
from some_record import RECORD, some_record


def test_records_curves_and_probes_are_read(study):
    found = read_study(study)
    run = next(r for r in found.final if r.cell == "lstm" and r.length == 100)
    assert run.metric == "mse" and not run.rises and run.floor == pytest.approx(1 / 6)
    assert run.curve["validation", "mse"].shape == (20, 3)
    assert run.probe["profile/0/c"].shape == (11, 100)
    assert found.skipped == ()


def test_only_the_final_stage_counts(study):
    found = read_study(study)
    assert len(found.runs) == 2 * 3 * 5 and len(found.final) == 2 * 3 * 3
    assert {len(g.runs) for g in study_groups(found)} == {3}


def test_without_a_plan_every_record_counts_and_learning_rates_are_rows_of_their_own(study):
    (study / "plan.json").unlink()
    found = read_study(study)
    assert found.final == found.runs
    labels = [g.label for g in study_groups(found) if g.task == "digits" and g.cell == "gru"]
    assert labels == ["GRU (lr 0.001)", "GRU (lr 0.01)", "GRU (lr 0.03)"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"schema": 1, "id": "x', "truncated or no JSON"),
        ("[1, 2]", "holds a list"),
        ('{"schema": 9}', "schema 9, this version reads 1 to 2"),
        ('{"schema": 1, "id": "x", "names": {}}', "lacks seed"),
        ("", "truncated or no JSON"),
        (as_text(some_record(id="alien")).replace('"test"', '"test": null, "x"'), "metrics.test"),
        (as_text(RECORD), "the record of another run"),
    ],
)
def test_a_truncated_or_foreign_record_is_named_and_skipped(study, caplog, text, why):
    (study / "alien").mkdir()
    (study / "alien" / "record.json").write_text(text)
    found = read_study(study)
    assert len(found.runs) == 30
    assert len(caplog.records) == 1
    assert "alien/record.json" in caplog.text and why in caplog.text
    assert found.skipped[0].startswith("alien/record.json skipped: ")


def test_a_broken_plan_is_named_and_the_records_still_count(study, caplog):
    (study / "plan.json").write_text('{"stages": [')
    assert len(read_study(study).final) == 30
    assert "plan.json" in caplog.text


def test_an_empty_or_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(LonglagError, match="run `longlag bench study=nowhere` first"):
        read_study(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LonglagError, match="no finished run"):
        read_study(tmp_path / "empty")


def test_a_run_that_diverged_scores_nothing_and_has_no_skill(study):
    path = next(study.glob("gru-adding*/record.json"))
    record = json.loads(path.read_text())
    record |= {"status": "diverged", "metrics": {"validation": {}, "test": {"mse": None}}}
    path.write_text(json.dumps(record))
    run = read_study(study).by_id[record["id"]]
    assert np.isnan(run.score()) and run.skill == 0


def test_a_run_without_probe_or_curve_has_empty_ones(study):
    folder = next(study.glob("gru-adding*"))
    for name in ("probe.npz", "curve.csv"):
        (folder / name).unlink()
    run = read_study(study).by_id[folder.name]
    assert run.probe == {} and run.curve == {}


def test_skill_goes_from_the_floor_to_perfection_and_never_below(study):
    for run in read_study(study).final:
        score = run.floor + run.skill * ((1 if run.rises else 0) - run.floor)
        worse = run.score() < run.floor if run.rises else run.score() > run.floor
        assert score == pytest.approx(run.floor if worse else run.score())


def test_the_first_floor_is_the_floor_and_a_better_simple_answer_the_baseline(study):
    run = next(r for r in read_study(study).final if r.task == "digits")
    assert np.isnan(run.baseline)
    other = Answer("loss", 0.0, "another metric")
    for value, baseline in ((0.9, 0.9), (0.05, float("nan"))):
        answers = (Answer("accuracy", value, "a linear model"), other)
        found = Run(run.folder, replace(run.record, baselines=answers))
        assert found.floor == 0.1 and found.baselines == [answers[0]]
        assert found.baseline == pytest.approx(baseline, nan_ok=True)


def test_variants_of_one_cell_are_rows_of_their_own_and_named(study):
    found = read_study(study)
    source = next(r for r in found.final if r.cell == "lstm" and r.length == 100)
    config = {**source.config, "cell": {**source.config["cell"], "forget_bias": 3.0}}
    rows = group([*found.final, Run(source.folder, replace(source.record, config=config))])
    labels = [g.label for g in rows if g.cell == "lstm" and g.length == 100]
    assert labels == ["LSTM", "LSTM (forget_bias 3.0)"]


def test_failures_are_read_from_the_plan_and_from_their_files_but_not_once_they_succeeded(study):
    (study / "failed").mkdir()
    done = next(study.glob("gru-adding*")).name
    for id in ("gru-copy-gone", done):
        text = json.dumps({"id": id, "error": "OSError: disk", "command": "longlag train x"})
        (study / "failed" / f"{id}.json").write_text(text)
    assert [f["id"] for f in read_study(study).failed] == ["lstm-copy-dead", "gru-copy-gone"]


def test_a_record_from_before_baselines_lists_them_after_the_floor(study):
    path = next(study.glob("gru-digits*/record.json"))
    record = json.loads(path.read_text())
    assert "baselines" not in record
    record["floors"].append({"metric": "accuracy", "value": 0.9, "why": "a linear model"})
    path.write_text(json.dumps(record))
    run = read_study(study).by_id[record["id"]]
    assert [floor.value for floor in run.floors] == [0.1]
    assert run.baselines == [Answer("accuracy", 0.9, "a linear model")] and run.baseline == 0.9


PARTS = ("metrics", "names", "config", "model", "task", "solved", "floors")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("value", [None, 3, "x", [None], {"metric": []}])
def test_a_record_with_a_malformed_part_is_one_line_or_is_read_and_never_a_traceback(
    study, part, value
):
    path = next(study.glob("gru-adding*/record.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), part: value}))
    found = read_study(study)
    assert len(found.runs) + len(found.skipped) == 30
    assert all("\n" not in line for line in found.skipped)
    for run in found.runs:
        assert run.floor and run.rate and run.broken == ()


FOREIGN = {
    "empty": b"",
    "cut off": None,
    "words": b"not what it should be",
    "object arrays": b"object",
    "one array": b"array",
}


@pytest.mark.parametrize("name", ["curve.csv", "probe.npz", "laboratory.npz", "extrapolation.json"])
@pytest.mark.parametrize("content", FOREIGN)
def test_a_broken_file_beside_a_record_is_named_once_and_counts_as_missing(
    study, caplog, name, content
):
    path = next(study.glob("gru-adding*")) / name
    made = {"object": io.BytesIO(), "array": io.BytesIO()}
    np.savez(made["object"], steps=np.array([{}], dtype=object))
    np.save(made["array"], np.zeros(3))
    whole = path.read_bytes() if path.exists() else b'{"points": [1, 2]}'
    given = FOREIGN[content]
    data = whole[: len(whole) // 2] if given is None else given
    path.write_bytes(made[data.decode()].getvalue() if data in (b"object", b"array") else data)
    run = read_study(study).by_id[path.parent.name]
    assert [run.curve, run.probe, run.laboratory, run.extrapolation].count({}) >= 1
    (line,) = run.broken
    assert line.startswith(f"{run.id}/{name} counts as missing: ") and "\n" not in line
    assert caplog.text.count(name) == 1 and run.broken == (line,)


def test_a_file_of_another_run_is_not_taken_for_ones_own(tmp_path):
    store = Store(tmp_path, "s")
    store.prepare()
    folders = [
        store.save(some_record(id=f"lstm-adding-{k}"), [], {"steps": np.array([k])}) for k in (1, 2)
    ]
    (folders[0] / "probe.npz").write_bytes((folders[1] / "probe.npz").read_bytes())
    (folders[1] / "curve.csv").unlink()
    first, second = read_study(store.folder).runs
    assert first.probe == {} and "not the file that was recorded" in first.broken[0]
    assert second.probe and "curve.csv counts as missing: it is gone" in second.broken[0]


def test_a_record_keeps_when_its_run_ended_and_an_older_one_does_not_say():
    ended = datetime(2026, 11, 24, 18, 30, 5, tzinfo=UTC)
    text = as_text(some_record(date=ended))
    assert '"date": "2026-11-24T18:30:05Z"' in text and parse(text).date == ended
    assert parse(as_text(RECORD).replace('"date": null,', "")).date is None
    with pytest.raises(ValueError, match="date: Input should be a valid datetime"):
        parse(text.replace("2026-11-24T", "yesterday, "))
