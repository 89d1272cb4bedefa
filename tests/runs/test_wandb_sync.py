"""`longlag sync` with the real `wandb sync`, against a stand-in for the server on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import tiny
from longlag.cli import main
from longlag.records.store import Store
from longlag.runs import wandb_upload
from longlag.runs.config import resolve
from longlag.runs.run import execute
from wandb_stub import serving


def test_finished_runs_arrive_whole_and_once_and_one_that_is_refused_is_sent_later(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    store = Store(tmp_path, "single")
    store.prepare()
    configs = [resolve(("cell=lstm", *tiny.TINY, f"seed={seed}")) for seed in (0, 1)]
    for config in configs:
        store.save(*execute(config, store.folder))
    sync = ["sync", f"results={tmp_path}"]
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    first, second = wandb_upload.offline_runs(store.folder)
    names = [run.stem.removeprefix("run-") for run in (first, second)]
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        server.refuses = {names[1]}
        assert main(sync) == 2
        assert "1 runs were not sent; run the command again" in capfd.readouterr().err
        assert wandb_upload.is_sent(first) and not wandb_upload.is_sent(second)
        server.refuses = set()
        before = {name: len(server.history[name]) for name in names}
        assert main(sync) == 0
        assert "1 runs to send, 1 sent before" in capfd.readouterr().out
        assert len(server.history[names[0]]) == before[names[0]] > 0  # not sent again
        asked = server.requests
        assert main(sync) == 0 and "0 runs to send, 2 sent before" in capfd.readouterr().out
        assert server.requests == asked
    assert {json.loads(server.runs[n]["config"])["id"]["value"] for n in names} == {
        config.id for config in configs
    }
    for name in names:
        run, files = server.runs[name], {unquote(file) for file in server.files[name]}
        assert (run["groupName"], run["jobType"]) == ("single/adding", "single")
        assert "lstm adding T=6" in run["displayName"]
        logged = set().union(*server.history[name])
        assert {"validation/mse", "gradient/c/last_step", "gate/f/mean", "test/mse"} <= logged
        for part in ("media/table/profile_table", "media/images/gate_map/f", "wandb-summary.json"):
            assert any(file.startswith(part) for file in files), part
        assert not [text for text in server.files[name].values() if str(tmp_path).encode() in text]
    assert str(tmp_path) not in json.dumps(server.runs)


def sync(root: Path) -> subprocess.CompletedProcess[str]:
    """The command as it is called: a process for each call, and none of W&B's own is there."""
    words = ["-m", "longlag", "sync", "study=bench", f"results={root}"]
    env = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=env, timeout=120, check=False
    )


def test_the_report_is_sent_as_a_panel_and_an_artifact_once_until_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    study = tmp_path / "bench"
    sent = study / "wandb" / "offline-run-0-before" / "run-before.wandb"
    sent.parent.mkdir(parents=True)
    for path in (sent, sent.with_suffix(".wandb.synced"), sent.parent / "finished"):
        path.touch()
    pages = {"report.html": "<p>the report", "report.md": "# The report", "report.pdf": "%PDF"}
    for name, text in pages.items():
        (study / name).write_text(text)
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        server.refuses = {"report-bench"}
        failed = sync(tmp_path)
        assert failed.returncode == 2 and "the report was not sent (Failed to" in failed.stderr
        server.refuses = set()
        assert "the report was sent" in sync(tmp_path).stdout
        assert server.committed == ["artifact-report-bench"]
        assert server.artifacts["report-bench"]["artifactTypeName"] == "report"
        files = server.files["artifact-report-bench"]
        assert {name: files[name].decode() for name in pages} == pages
        (panel,) = (name for name in server.files["report-bench"] if "html" in name)
        assert server.files["report-bench"][panel].decode() == pages["report.html"]
        assert any("report" in row for row in server.history["report-bench"])
        asked = server.requests
        assert sync(tmp_path).stdout == "0 runs to send, 1 sent before, 0 under way\n"
        assert server.requests == asked
        (study / "report.html").write_text("<p>another")
        assert "the report was sent" in sync(tmp_path).stdout
        assert server.files["artifact-report-bench"]["report.html"] == b"<p>another"
    run = server.runs["report-bench"]
    assert (run["groupName"], run["jobType"], run["tags"]) == ("bench", "report", ["bench"])
    assert str(tmp_path) not in json.dumps([server.runs, server.artifacts])
    assert not list(study.glob("wandb/*run-*/logs")) and not list(study.glob("wandb/*.log"))
