"""The smallest study, whole, from the wheel as `pip install longlag` has it, in an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(600)  # two calls of a sweep of 24 runs


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Where the wheel, built from this source, is installed; its dependencies are shared."""
    built, place = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-index"]
    build = ["wheel", "--no-build-isolation", *alone, "--wheel-dir", str(built), str(ROOT)]
    subprocess.run([*pip, *build], check=True, timeout=200)
    (made,) = built.glob("longlag-*.whl")
    subprocess.run([*pip, "install", *alone, "--target", str(place), str(made)], check=True)
    return place


def call(wheel: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the wheel before the source, in a folder."""
    env = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(wheel)}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        env=env,
        cwd=folder,
        check=False,
        timeout=500,
    )


def bench(wheel: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return call(wheel, folder, str(wheel / "bin" / "longlag"), "bench", "study=smoke")


@pytest.fixture(scope="module")
def study(wheel: Path, tmp_path_factory) -> Path:
    """results/smoke of a first call, in a folder that was empty."""
    folder = tmp_path_factory.mktemp("empty")
    done = bench(wheel, folder)
    assert done.returncode == 0, done.stderr
    assert "24 runs, 0 recorded already" in done.stdout
    assert "24/24 runs" in done.stderr
    return folder / "results" / "smoke"


def test_the_code_and_the_settings_are_those_of_the_wheel(wheel: Path, tmp_path: Path):
    code = "import longlag, longlag.records.headers as h; print(longlag.__file__, h.folder())"
    done = call(wheel, tmp_path, "-c", code)
    assert done.stdout.split() == [str(wheel / "longlag/__init__.py"), str(wheel / "longlag/conf")]
    assert not list(tmp_path.iterdir())


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


def test_a_second_call_runs_nothing_and_says_so(wheel: Path, study: Path):
    before = {path: path.stat().st_mtime for path in study.rglob("*") if path.is_file()}
    done = bench(wheel, study.parents[1])
    assert done.returncode == 0
    assert "all 24 runs are recorded" in done.stdout
    for path in study.glob("*/record.json"):
        assert path.stat().st_mtime == before[path]
