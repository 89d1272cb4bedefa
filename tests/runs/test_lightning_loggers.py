"""TensorBoard and MLflow hold what W&B holds, and name no user, machine, program or commit."""

import json
import logging
import math
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

import tiny
from longlag.records.record import Record
from longlag.runs.config import Config, resolve
from longlag.runs.run import Result, execute

WORDS = ("cell=lstm", *tiny.TINY)
CURVES = ("validation/mse", "train/loss", "gradient/c/first_step", "gate/f/mean", "test/mse")


def logged(folder: Path, caplog, monkeypatch, *words: str) -> tuple[Config, Result]:
    """A run of a user with a name, and no warning of its logger."""
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    config = resolve((*WORDS, *words))
    with caplog.at_level(logging.WARNING, "longlag"):
        result = execute(config, folder)
    assert not [r.message for r in caplog.records if r.name.startswith("longlag")]
    return config, result


def same_as_recorded(series: dict[int, float], record: Record, arrays: dict, row: int) -> bool:
    """Whether a series over the lag is the profile of the state c in the record's arrays."""
    norms = arrays["profile/0/c"][row]
    return all(math.isclose(series[lag], math.log10(norms[lag]), rel_tol=1e-4) for lag in series)


def test_tensorboard_holds_curves_profiles_maps_and_settings(tmp_path, caplog, monkeypatch):
    config, (record, curve, arrays, _) = logged(tmp_path, caplog, monkeypatch, "logger=tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tmp_path / "tensorboard" / config.id
    read = EventAccumulator(str(folder)).Reload()
    assert set(CURVES) <= set(read.Tags()["scalars"])
    validated = {event.step: event.value for event in read.Scalars("validation/mse")}
    assert {point.step for point in curve} == set(validated)
    for row, name in ((0, "initial"), (-1, "trained")):
        series = {event.step: event.value for event in read.Scalars(f"profile/c/{name}")}
        assert len(series) > 3 and same_as_recorded(series, record, arrays, row)
    assert {"profile_map/c", "profile_map/h", "gate_map/f"} <= set(read.Tags()["images"])
    assert read.Scalars("skill")[-1].step == record.steps
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(socket.gethostname() in path.name for path in files)
    assert not any(b"somebody" in path.read_bytes() for path in files)


def test_the_page_of_tensorboard_lists_the_run(tmp_path, caplog, monkeypatch):
    config, _ = logged(tmp_path, caplog, monkeypatch, "logger=tensorboard")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path / "tensorboard")]
    with subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = next(line for line in server.stderr if "http://" in line)
            address = re.search(r"http://\S+?:\d+", said)[0]
            for _ in range(60):  # it reads the folder when it is up
                with urlopen(f"{address}/data/runs", timeout=20) as answer:
                    runs = json.load(answer)
                if runs:
                    break
                time.sleep(0.5)
        finally:
            server.terminate()
    assert config.id in runs


def test_mlflow_holds_curves_profiles_maps_and_settings(tmp_path, caplog, monkeypatch):
    config, (record, curve, arrays, _) = logged(tmp_path, caplog, monkeypatch, "logger=mlflow")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("single/adding")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED" and run.data.tags["id"] == config.id
    assert run.info.run_name.startswith("lstm adding T=6 lr=")
    assert set(CURVES) <= set(run.data.metrics)
    assert run.data.params["task/length"] == "6"

    def series(name: str) -> dict[int, float]:
        return {m.step: m.value for m in client.get_metric_history(run.info.run_id, name)}

    assert {point.step for point in curve} == set(series("validation/mse"))
    for row, name in ((0, "initial"), (-1, "trained")):
        assert same_as_recorded(series(f"profile/c/{name}"), record, arrays, row)
    root = tmp_path / "mlflow"  # of `mlflow server --artifacts-destination`
    assert run.info.artifact_uri == f"mlflow-artifacts:/{run.info.run_id}/artifacts"
    maps = (root / run.info.run_id / "artifacts" / "profile_map").iterdir()
    assert {path.name for path in maps} == {"c.png", "h.png"}
    assert b"somebody" not in (tmp_path / "mlflow.db").read_bytes()


@pytest.mark.parametrize(
    ("logger", "package"), [("tensorboard", "tensorboard"), ("mlflow", "alembic")]
)
def test_a_logger_whose_extra_is_missing_is_refused_with_its_install_line(
    logger, package, tmp_path, monkeypatch, capsys
):
    import importlib.util

    from longlag.cli import main

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == package else find(name, *a)
    )
    words = ["train", *WORDS, f"logger={logger}", f"results={tmp_path}"]
    assert main(words) == 2
    assert f"pip install 'longlag[{logger}]'" in capsys.readouterr().err


def test_the_weights_are_an_artifact_of_wandb_only_where_they_are_asked_for(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "staging"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    _, result = logged(tmp_path / "with", caplog, monkeypatch, "logger.weights=true")
    logged(tmp_path / "without", caplog, monkeypatch)
    (kept,) = (tmp_path / "with").glob("wandb/offline-run-*/files/weights.pt")
    assert kept.read_bytes() == result.weights
    (path,) = (tmp_path / "with").glob("wandb/offline-run-*/*.wandb")
    assert f"model-{result.record.id}".encode() in path.read_bytes()
    assert not list((tmp_path / "without").glob("wandb/offline-run-*/files/weights.pt"))
