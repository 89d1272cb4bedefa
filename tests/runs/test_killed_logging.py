"""Whatever shows a run that was killed and went on shows one run, whole, and nothing twice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import command_process
import tiny
from killed_runs import STUDY, live, part, run_in_parts
from longlag.cli import main
from longlag.runs import wandb_upload
from longlag.runs.config import resolve
from wandb_stub import serving

STEPS, DEATHS = 80, (33, 60, 71)
RUN = (
    "cell=lstm",
    *tiny.TINY,
    f"trainer.max_steps={STEPS}",
    "trainer.validate_every=4",
    "trainer.stop_when_solved=false",
    "checkpoint.seconds=null",
    "checkpoint.steps=3",
)
CLOCKS = {"seconds", "peak_memory_mb"}  # of the summary, that no two runs share


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> dict[str, Path]:
    """The folders of an undisturbed study and of one that was killed, for each logger."""
    made = {}
    for logger in ("wandb", "csv", "tensorboard", "mlflow"):
        for name, deaths in (("whole", ()), ("parts", DEATHS)):
            root = tmp_path_factory.mktemp(f"{name}-{logger}")
            run_in_parts((*RUN, f"logger={logger}"), root, deaths)
            made[f"{name} {logger}"] = root / STUDY
    return made


def rows(run: Path) -> list[dict[str, Any]]:
    """What W&B reads of the history in a run's file, but for its own clocks."""
    read = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(run)]
    done = subprocess.run(read, capture_output=True, text=True, check=True, timeout=60)
    entries = (json.loads(line) for line in done.stdout.splitlines())
    found = (entry["history"]["item"] for entry in entries if entry["type"] == "history")
    return [{key: row[key] for key in row if key[0] != "_" and key not in CLOCKS} for row in found]


def test_wandb_holds_one_run_with_the_history_of_an_undisturbed_one(killed):
    (parts,) = wandb_upload.offline_runs(killed["parts wandb"])
    (whole,) = wandb_upload.offline_runs(killed["whole wandb"])
    found, wanted = rows(parts), rows(whole)
    validated = [row["step"] for row in found if "validation/mse" in row]
    assert validated == list(range(4, STEPS + 1, 4))
    assert [set(row) for row in found] == [set(row) for row in wanted]
    assert found[:-1] == wanted[:-1]
    assert wandb_upload.is_finished(parts) and not (parts.parent / "unfinished").exists()
    assert {path.name for path in parts.parents[1].iterdir()} == {parts.parent.name, "latest-run"}


def test_a_csv_holds_the_whole_curve(killed):
    def table(study: Path) -> str:
        (path,) = study.glob("csv/*/metrics.csv")
        return path.read_text()

    assert table(killed["parts csv"]) == table(killed["whole csv"])


def test_tensorboard_holds_each_point_once(killed):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def curves(study: Path) -> dict[str, list[tuple[int, float]]]:
        (folder,) = study.glob("tensorboard/*")
        read = EventAccumulator(str(folder)).Reload()
        names = [name for name in read.Tags()["scalars"] if name not in CLOCKS]
        return {name: [(e.step, e.value) for e in read.Scalars(name)] for name in names}

    assert curves(killed["parts tensorboard"]) == curves(killed["whole tensorboard"])


def test_mlflow_holds_one_run_with_each_point_once(killed):
    from mlflow.tracking import MlflowClient

    def curve(study: Path) -> list[tuple[int, float]]:
        client = MlflowClient(f"sqlite:///{study / 'mlflow.db'}")
        ids = [experiment.experiment_id for experiment in client.search_experiments()]
        (run,) = client.search_runs(ids)
        assert run.info.status == "FINISHED"
        history = client.get_metric_history(run.info.run_id, "validation/mse")
        return [(point.step, point.value) for point in history]

    assert curve(killed["parts mlflow"]) == curve(killed["whole mlflow"])


def test_a_half_run_can_be_read_and_only_the_whole_one_is_sent(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    words, sync = (*RUN, "trainer.validate_every=1"), ["sync", f"results={tmp_path}"]
    live(words, tmp_path, 60)
    (half,) = wandb_upload.offline_runs(tmp_path / STUDY)
    seen = [row["step"] for row in rows(half) if "validation/mse" in row]
    assert len(seen) > 10 and seen == list(range(1, len(seen) + 1))
    with serving() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        assert main(sync) == 0 and "1 under way" in capfd.readouterr().out
        os.utime(half, (0, 0))  # it was killed long ago
        assert main(sync) == 0 and "1 broken off: left out" in capfd.readouterr().out
        assert not server.runs
        live(words, tmp_path, None)
        assert main(sync) == 0 and "1 runs to send, 0 sent before" in capfd.readouterr().out
    ((name, run),) = server.runs.items()
    assert name in half.name  # whoever sent the half by hand has the whole in its place
    steps = [row["step"] for row in server.history[name] if "validation/mse" in row]
    assert steps == list(range(1, STEPS + 1))
    assert "test/mse" in set().union(*server.history[name])
    assert json.loads(run["config"])["id"]["value"] == resolve(words).id


def test_online_too_a_run_that_was_killed_is_one_run(tmp_path):
    words = (*RUN, "logger.mode=online")
    variables = {"HOME": str(tmp_path), "WANDB_API_KEY": "0" * 40, "WANDB_SERVICE": ""}
    with serving() as server:
        for death, status in ((61, -signal.SIGKILL), (None, 0)):
            life = f"from killed_runs import *; part({words}, Path({str(tmp_path)!r}), {death})"
            with command_process.start(
                tmp_path, [], ["-c", life], {**variables, "WANDB_BASE_URL": server.url}
            ) as process:
                assert process.wait(120) == status, process.stderr.read()
    (rows,) = server.history.values()
    assert len(server.runs) == 1
    assert [r["step"] for r in rows if "validation/mse" in r] == list(range(4, STEPS + 1, 4))


def test_a_run_that_ctrl_c_ended_is_broken_off_too(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("os.kill", interrupt)
        part(RUN, tmp_path, 33)
    (half,) = wandb_upload.offline_runs(tmp_path / STUDY)
    assert not wandb_upload.is_finished(half)
    part(RUN, tmp_path, None)
    (whole,) = wandb_upload.offline_runs(tmp_path / STUDY)
    assert wandb_upload.is_finished(whole)
    validated = [row["step"] for row in rows(whole) if "validation/mse" in row]
    assert validated == list(range(4, STEPS + 1, 4))
