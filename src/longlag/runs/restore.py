"""A finished run, back in memory: its config, its task and its model."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.nn.model import Model
from longlag.runs.instantiate import build, build_model
from longlag.tasks.base import Task


class Run(NamedTuple):
    """What a run's folder holds."""

    record: dict[str, Any]
    task: Task
    model: Model


def run_of(folder: Path, trained: bool = True) -> Run:
    """Build the model of a record again, with the weights that were chosen or the initial ones.

    Args:
        folder: results/<study>/<run id>.
        trained: False: the model as its seed initialised it.

    Raises:
        LonglagError: no record there, or its weights were not kept (they are not committed).
    """
    path = folder / "record.json"
    if not path.is_file():
        raise LonglagError(f"{folder} holds no record.json; give a folder results/<study>/<run id>")
    record = json.loads(path.read_text())
    cfg = OmegaConf.create(record["config"])
    task = build(cfg.task)
    model = build_model(cfg, task)
    if trained:
        weights = folder / "weights.pt"
        if not weights.is_file():
            raise LonglagError(
                f"{folder} has no weights.pt (weights are not committed); train again with: "
                f"{record['command']}"
            )
        model.load_state_dict(torch.load(weights, weights_only=True))
    return Run(record, task, model)


def model_of(folder: Path) -> Model:
    """The trained model of a run."""
    return run_of(folder).model
