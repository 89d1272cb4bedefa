"""What goes to W&B goes once, and the dashboard shows what the runs really log."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tiny
from longlag.cli import main
from longlag.records.reader import read_study
from longlag.records.store import Store
from longlag.runs import wandb_upload
from longlag.runs.config import resolve
from longlag.runs.run import execute
from longlag.runs.wandb_dashboard import dashboard

WORDS = ("cell=lstm", *tiny.TINY)
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style:DeprecationWarning")  # W&B's own


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Two runs of W&B, finished offline, with their records."""
    root = tmp_path_factory.mktemp("results")
    store = Store(root, "single")
    store.prepare()
    for seed in (0, 1):
        store.save(*execute(resolve((*WORDS, f"seed={seed}")), store.folder))
    return root


@pytest.fixture
def study(results: Path, monkeypatch) -> Iterator[Path]:
    """The study's folder with nothing sent, and a user with an account."""
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    yield results / "single"
    for run in wandb_upload.offline_runs(results / "single"):
        run.with_suffix(".wandb.synced").unlink(missing_ok=True)
        (run.parent / "finished").touch()
    for name in ("report.html", "wandb/report.sent"):
        (results / "single" / name).unlink(missing_ok=True)


class Service:
    """Stands for `wandb sync`: marks what it takes, and breaks after some runs."""

    def __init__(self, room: int = 99) -> None:
        self.room = room
        self.taken: list[Path] = []

    def upload(self, runs: list[Path]) -> int:
        for run in runs[: self.room]:
            self.taken.append(run)
            run.with_suffix(".wandb.synced").touch()
        return int(len(runs) > self.room)


def sync(study: Path) -> int:
    return main(["sync", f"results={study.parent}"])


def test_each_finished_run_is_sent_once_however_often_it_is_asked(study, monkeypatch, capsys):
    service = Service()
    monkeypatch.setattr(wandb_upload, "upload", service.upload)
    assert sync(study) == 0 and "2 runs to send, 0 sent before" in capsys.readouterr().out
    assert sync(study) == 0 and "0 runs to send, 2 sent before" in capsys.readouterr().out
    assert len(service.taken) == len(set(service.taken)) == 2


def test_a_service_that_breaks_is_told_and_the_next_call_goes_on(study, monkeypatch, capsys):
    service = Service(room=1)
    monkeypatch.setattr(wandb_upload, "upload", service.upload)
    assert sync(study) == 2
    assert "1 runs were not sent; run the command again" in capsys.readouterr().err
    assert sync(study) == 0
    assert len(service.taken) == len(set(service.taken)) == 2


def test_a_run_under_way_is_left_until_it_ends(study, monkeypatch, capsys):
    first, _ = wandb_upload.offline_runs(study)
    (first.parent / "finished").unlink()
    first.touch()
    service = Service()
    monkeypatch.setattr(wandb_upload, "upload", service.upload)
    assert sync(study) == 0 and "1 under way" in capsys.readouterr().out
    assert first not in service.taken and len(service.taken) == 1
    os.utime(first, (0, 0))  # of a process that was killed long ago
    assert sync(study) == 0 and "1 broken off" in capsys.readouterr().out
    assert first not in service.taken
    (first.parent / "finished").touch()
    assert sync(study) == 0 and first in service.taken


def seconds(most: int) -> Iterator[int]:
    """Count seconds as they go: W&B's service writes behind the run that ended."""
    for gone in range(most):
        yield gone
        time.sleep(1)


def test_without_an_account_nothing_is_sent_and_the_line_says_what_to_do(
    study, monkeypatch, capsys, tmp_path
):
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert sync(study) == 2 and "wandb login" in capsys.readouterr().err
    assert main(["sync", f"results={tmp_path}"]) == 2
    assert "no offline run" in capsys.readouterr().err


def test_the_real_wandb_sync_takes_our_folders_and_skips_what_is_marked(study):
    """Our stub keeps to the contract: arguments, and the name of the mark."""
    first, second = wandb_upload.offline_runs(study)
    first.with_suffix(".wandb.synced").touch()
    folders = [str(run.parent) for run in (first, second)]
    command = [sys.executable, "-m", "wandb", "sync", "--dry-run", *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    said = done.stdout + done.stderr
    assert "Would sync 1 run(s)" in said and second.name in said and first.name not in said


def test_the_report_is_a_panel_and_an_artifact_and_is_sent_again_only_when_it_changed(
    study, monkeypatch, tmp_path
):
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "staging"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    assert not wandb_upload.upload_report(study, "longlag", None, "offline")  # there is none
    before = set(wandb_upload.offline_runs(study))
    (study / "report.html").write_text("<p>the report")
    assert wandb_upload.upload_report(study, "longlag", None, "offline")
    (made,) = set(wandb_upload.offline_runs(study)) - before
    (panel,) = made.parent.glob("files/media/html/report*.html")
    assert "<p>the report" in panel.read_text()
    assert any(b"report-single" in made.read_bytes() for _ in seconds(30))
    assert not wandb_upload.upload_report(study, "longlag", None, "offline")
    (study / "report.html").write_text("<p>another")
    assert wandb_upload.upload_report(study, "longlag", None, "offline")
    for run in set(wandb_upload.offline_runs(study)) - before:
        run.unlink()


def names_in(value, found: set[str]) -> set[str]:
    """The names of metrics, tables and media that a serialised dashboard shows."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in ("metrics", "mediaKeys") and isinstance(child, list):
                found |= set(child)
            elif key == "name" and child == "tableKey":
                found.add(value["value"].removesuffix("_table"))
            elif key in ("xAxis", "yAxis") and "summary:" in str(child):
                found.add(child.removeprefix("summary:"))
            names_in(child, found)
    elif isinstance(value, list):
        for child in value:
            names_in(child, found)
    return found


def test_every_panel_of_the_dashboard_shows_what_the_runs_log(study):
    said = dashboard(read_study(study), "somebody", "longlag").serialised()
    read = [sys.executable, "-m", "wandb", "leet", "inspect", "--json"]
    path = wandb_upload.offline_runs(study)[0]
    done = subprocess.run([*read, str(path)], capture_output=True, text=True, check=True)
    for part in ("workspace", "report"):
        named = names_in(said[part], set())
        assert {"skill", "validation/mse", "profile_map/c", "profile_lines/h"} <= named
        assert {"gradient/c/last_step", "gate/f/mean", "train/loss"} <= named
        for name in named:
            assert json.dumps(name)[1:-1] in done.stdout, name


def test_the_dashboard_is_kept_beside_the_records_where_there_is_no_account(
    study, monkeypatch, tmp_path, capsys
):
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    assert main(["dashboard", f"results={study.parent}", "logger.entity=somebody"]) == 0
    assert "not sent" in capsys.readouterr().out
    kept = json.loads((study / "dashboard.json").read_text())
    assert kept["workspace"]["entity"] == "somebody"
    assert kept["workspace"]["displayName"] == "longlag: single"
