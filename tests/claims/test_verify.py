"""A record is worth what comes out when it is run again: `longlag verify`."""

import json
from pathlib import Path

import pytest

from longlag.cli.main import main
from longlag.records.repetition import compare_records, worst
from some_record import some_record
from tiny import TINY


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for seed in (0, 1):
        words = [*TINY, f"seed={seed}", "logger=none", f"results={folder}"]
        assert main(["train", "cell=gru", *words]) == 0
    return folder


def change(results: Path, edit) -> Path:
    """Edit the record of the first run; returns its file."""
    path = sorted((results / "single").glob("*/record.json"))[0]
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def kept(results):
    """Put the first record back as it was."""
    path = sorted((results / "single").glob("*/record.json"))[0]
    text = path.read_text()
    yield
    path.write_text(text)


def test_a_record_made_here_is_identical(results, capsys):
    assert main(["verify", str(results / "single"), "--all"]) == 0
    said = capsys.readouterr().out
    assert "2 runs trained again: 2 identical" in said
    assert "torch" in said and "backend" in said and "test mse" in said


def test_a_packed_record_is_verified_too(results, capsys):
    assert main(["pack", str(results / "single")]) == 0
    assert main(["verify", str(results / "single"), "--sample", "1"]) == 0
    assert main(["pack", str(results / "single"), "undo=true"]) == 0
    assert "1 runs trained again: 1 identical" in capsys.readouterr().out


def test_a_number_that_does_not_come_again_is_named(results, kept, capsys):
    change(results, lambda r: r["metrics"]["test"].update(mse=r["metrics"]["test"]["mse"] * 1.5))
    assert main(["verify", str(results / "single"), "--all"]) == 1
    assert "1 identical, 1 different" in capsys.readouterr().out


def test_a_strangers_record_builds_nothing(results, kept, tmp_path, capsys):
    trap = tmp_path / "trap"
    task = {"_target_": "os.system", "command": f"touch {trap}"}
    change(results, lambda r: r["config"].update(task=task))
    assert main(["verify", str(results / "single"), "--all"]) == 2
    assert "os.system" in capsys.readouterr().err and not trap.exists()


@pytest.mark.parametrize(
    "words", [[], ["nothing"], ["a", "b"], ["study=none"], ["x", "tolerance=2"]]
)
def test_what_cannot_be_verified_is_refused_in_one_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_tolerance_is_a_share_of_the_larger_number():
    from longlag.records.record import Metrics

    old, near, far = (
        some_record(metrics=Metrics({}, {"mse": value})) for value in (1.0, 1.0099, 1.02)
    )
    assert worst(compare_records(old, old)) == "identical"
    assert worst(compare_records(old, near)) == "within tolerance"
    assert worst(compare_records(old, far)) == "different"


def test_a_metric_that_came_or_went_is_different():
    from longlag.records.record import Metrics

    old, new = some_record(), some_record(metrics=Metrics({"mse": 0.5}, {}))
    assert worst(compare_records(old, new)) == "different"
