"""A logger shows a run and never costs it."""

import importlib.util
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tiny
from longlag.errors import LonglagError
from longlag.nn.layer_names import WAYS
from longlag.records.record import Network
from longlag.runs import loggers
from longlag.runs.config import resolve
from longlag.runs.panels import can_draw, picture
from longlag.runs.run import execute
from longlag.runs.wandb_panels import flow
from some_record import some_record

TINY = ("cell=lstm", *tiny.TINY)


@pytest.fixture(scope="module")
def offline(tmp_path_factory) -> list[str]:
    """What W&B kept of each of two runs in one process, of a user with a home and a name."""
    home = tmp_path_factory.mktemp("home_of_somebody")
    folder = home / "results"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("HOME", str(home)), ("USER", "somebody"), ("LOGNAME", "somebody")):
            patch.setenv(name, value)
        for seed in (0, 1):
            execute(resolve((*TINY, f"seed={seed}")), folder)
    files = list(folder.glob("wandb/offline-run-*/*.wandb"))
    assert len(files) == 2  # both may begin in one second: their names do not order them
    return sorted((inspected(path) for path in files), key=lambda text: "seed=1" in text)


def inspected(path: Path) -> str:
    """Everything that W&B would send of a run: what it logged, and the files beside it."""
    read = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(path)]
    done = subprocess.run(read, capture_output=True, text=True, check=True)
    logged = json.dumps([json.loads(line) for line in done.stdout.splitlines()])
    files = (file for file in sorted((path.parent / "files").rglob("*")) if file.is_file())
    return "\n".join([logged, *(f"{file.name} {file.read_bytes()!r}" for file in files)])


def test_two_runs_of_one_process_are_two_runs(offline):
    first, second = resolve((*TINY, "seed=0")), resolve((*TINY, "seed=1"))
    assert "lstm adding T=6 lr=" in offline[0] and "seed=1" in offline[1]
    assert first.id in offline[0] and second.id not in offline[0]
    assert second.id in offline[1] and first.id not in offline[1]


@pytest.mark.parametrize(
    "what",
    [
        "validation/mse",  # curves
        "train/loss",
        "gradient/c/first_step",  # the gradient at both ends of time, along training
        "gradient/total_before_clipping",
        "gate/f/mean",
        "profile_map/h",  # heat maps
        "profile_lines/c",  # line series
        "gate_map/f",
        "profile_table",
        "test/mse",
        "single/adding",  # group
        "hidden_size",  # config
        "decay_rate/trained",  # summary
        "skill",
        "state_size",
        "backend",
    ],
)
def test_an_offline_run_holds(offline, what):
    assert what in offline[1] or what.replace("/", "\\/") in offline[1]


def test_a_run_of_a_study_has_study_and_task_as_group_and_its_stage_as_job_type(tmp_path):
    config = resolve((*TINY, "probe=off"))
    names = {**config.names, "study": "bench", "stage": "tune"}
    execute(replace(config, names=names), tmp_path)
    (path,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    text = inspected(path)
    assert '"bench/adding"' in text and '"job_type": "tune"' in text


def test_a_note_or_tag_that_looks_like_a_secret_is_masked(tmp_path):
    secret = "sk-abcdef0123456789abcdef0123456789"
    words = [f"logger.{name}={secret}" for name in ("notes", "name", "group")]
    execute(resolve((*TINY, "probe=off", *words, f"logger.tags=[mine,{secret}]")), tmp_path)
    (path,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    text = inspected(path)
    assert secret not in text and text.count("***") >= 4 and '"mine"' in text


def test_every_layer_of_a_stack_has_its_curves_and_maps_and_the_first_is_layer_1(tmp_path):
    folder = tmp_path / "study"
    execute(resolve((*TINY, "model.layers=2")), folder)
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    text = inspected(path)
    for layer in ("layer_1", "layer_2"):
        for what in (
            "gradient/{}/c/last_step",
            "gate/{}/f/mean",
            "profile_map/{}/c",
            "profile_lines/{}/h",
            "gate_map/{}/f",
        ):
            assert what.format(layer) in text, what
    assert "layer_0" not in text and "layer_3" not in text


def test_a_dashboard_has_a_picture_of_every_array_whichever_way_its_cell_reads():
    record = some_record(model=Network(9, 2, 1, layers=1, cells=2))
    arrays = {f"{kind}/{cell}/h": np.ones((2, 3)) for kind in ("profile", "gate") for cell in "01"}
    shown = flow(record, arrays | {"steps": np.arange(2)})
    assert set(shown) == {
        f"{kind}_{form}/{way}/h"
        for kind in ("profile", "gate") for form in ("lines", "map") for way in WAYS
    } | {"profile_table"}  # fmt: skip


def test_a_service_that_breaks_is_said_once_and_costs_nothing(tmp_path, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ConnectionError("the service is gone")

    def make(folder, config, **options) -> loggers.SafeLogger:
        return loggers.SafeLogger(broken, broken, broken)

    monkeypatch.setattr("longlag.runs.wandb_logger.wandb_logger", make)
    with caplog.at_level(logging.WARNING):
        result = execute(resolve(TINY), tmp_path)
    assert result.record.status in ("finished", "solved")
    assert caplog.text.count("the service is gone") == 1


def test_a_service_that_cannot_be_opened_costs_nothing(tmp_path, monkeypatch, caplog):
    def unopened(folder, config, **options) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("longlag.runs.wandb_logger.wandb_logger", unopened)
    with caplog.at_level(logging.WARNING):
        result = execute(resolve(TINY), tmp_path)
    assert result.record.metrics.test
    assert "no space left" in caplog.text


def test_the_csv_logger_writes_the_curve(tmp_path: Path):
    config = resolve((*TINY, "logger=csv"))
    execute(config, tmp_path)
    table = (tmp_path / "csv" / config.id / "metrics.csv").read_text()
    assert "validation/mse" in table.splitlines()[0] and len(table.splitlines()) > 3


def test_the_heat_map_is_light_where_values_are_large_and_red_where_there_are_none():
    image = picture(np.array([[0.0, 1.0], [np.nan, 0.5]]))
    assert image.dtype == np.uint8 and image.shape[2] == 3
    assert image[0, 0].tolist() == [0, 0, 0] and image[0, -1].tolist() == [255, 255, 255]
    assert image[-1, 0].tolist() == [160, 30, 30]


def test_a_run_names_no_user_no_machine_no_program_and_no_arguments(offline):
    for text in offline:
        assert '"type": "environment"' not in text and '"host": "longlag"' in text
        for name in (sys.executable, os.getcwd(), "requirements.txt", "somebody", "artifact"):
            assert name not in text, name


def test_without_pillow_wandb_goes_on_without_heat_maps_and_says_what_to_install(
    monkeypatch, caplog
):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "PIL" else real(name, *a)
    )
    can_draw.cache_clear()
    shown = flow(some_record(), {"steps": np.arange(2), "profile/0/h": np.ones((2, 3))})
    can_draw.cache_clear()
    assert set(shown) == {"profile_lines/h", "profile_table"}
    assert "pip install 'longlag[report]'" in caplog.text


def test_a_run_that_is_refused_opens_no_logger_and_one_that_breaks_is_marked_failed(
    tmp_path, monkeypatch
):
    folder = tmp_path / "study"
    for wrong, said in (
        ("match=params", "match=params"),
        ("+optim.betas=[2,0]", "Invalid beta parameter"),
        ("+optim.weight_decay=-1", "Invalid weight_decay"),
        ("logger={_target_: builtins.print, _partial_: true}", "Lightning Logger, not builtins"),
    ):
        with pytest.raises(LonglagError, match=said):
            execute(resolve((*TINY, wrong)), folder)
        assert not folder.exists(), wrong

    def broken(self, batch, k):
        raise RuntimeError("broken")

    monkeypatch.setattr("longlag.training.learner.Learner.training_step", broken)
    with pytest.raises(RuntimeError, match="broken"):
        execute(resolve(TINY), folder)
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    assert '"exit_code": 1' in inspected(path)
