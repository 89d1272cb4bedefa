"""`longlag sync` with the real `wandb sync`, against a stand-in for the server on this machine."""

import json
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
