"""The smallest study, whole: what `make bench STUDY=smoke` does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)  # two calls of a sweep of 24 runs


def bench(place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "longlag", "bench", "study=smoke", f"results={place}"]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
        timeout=500,
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """results/smoke of a first call."""
    place = tmp_path_factory.mktemp("results")
    done = bench(place)
    assert done.returncode == 0, done.stderr
    assert "24 runs, 0 recorded already" in done.stdout
    assert "24/24 runs" in done.stderr
    return place / "smoke"


def test_every_run_is_recorded_with_its_gradients_and_its_mirror(study: Path):
    records = [json.loads(path.read_text()) for path in study.glob("*/record.json")]
    assert len(records) == 24
    assert {record["names"]["cell"] for record in records} == {"rnn", "lstm", "gru"}
    assert all((study / record["id"] / "probe.npz").exists() for record in records)
    assert len(list(study.glob("*/laboratory.npz"))) == 6  # the median runs
    assert len(list(study.glob("wandb/offline-run-*"))) == 24


def test_each_worker_served_many_runs_with_one_thread(study: Path):
    records = [json.loads(path.read_text()) for path in study.glob("*/record.json")]
    assert {record["machine"]["threads"] for record in records} == {1}


def test_the_report_is_there_in_three_forms(study: Path):
    assert (study / "report.pdf").read_bytes().startswith(b"%PDF")
    page = (study / "report.html").read_text()
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    text = (study / "report.md").read_text()
    for cell in ("RNN", "LSTM", "GRU"):
        assert cell in text
    assert "longlag train cell=lstm task=adding" in text


def test_a_second_call_runs_nothing_and_says_so(study: Path):
    before = {path: path.stat().st_mtime for path in study.rglob("*") if path.is_file()}
    done = bench(study.parent)
    assert done.returncode == 0
    assert "all 24 runs are recorded" in done.stdout
    for path in study.glob("*/record.json"):
        assert path.stat().st_mtime == before[path]
