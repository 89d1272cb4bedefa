"""A finished run, back in memory: its record, its task and its model."""

import io
from pathlib import Path
from typing import NamedTuple

import torch
from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.nn.model import Model
from longlag.records.reader import read_run
from longlag.records.run import Run
from longlag.runs.allow_list import refuse_strangers
from longlag.runs.config import Config
from longlag.runs.instantiate import build, build_model
from longlag.tasks.base import Task


class RestoredRun(NamedTuple):
    """A recorded run and what it trained."""

    run: Run
    task: Task
    model: Model


def restore_run(folder: Path, trained: bool = True, config_dir: Path | None = None) -> RestoredRun:
    """Build the model of a record again, with the weights that were chosen or the initial ones.

    Args:
        folder: results/<study>/<run id>.
        trained: False: the model as its seed initialised it.
        config_dir: the user's own folder of groups, whose classes may be built.

    Raises:
        LonglagError: no whole record there, it names a class that may not be built, its settings
            and this code have another id, or its weights were not kept (they are not committed) or
            are not those of this model.
    """
    try:
        run = read_run(folder)
    except FileNotFoundError:
        raise LonglagError(
            f"{folder} holds no record.json; give a folder results/<study>/<run id>"
        ) from None
    except (OSError, ValueError) as error:
        raise LonglagError(f"{folder}/record.json {error}") from None
    refuse_strangers(run.config, config_dir)
    cfg = OmegaConf.create(run.config)
    made = Config(run.config, {"cell": run.cell, "task": run.task}, ()).id
    if made != run.id:
        raise LonglagError(
            f"{folder}: its settings were edited, or its cell, task or files changed since: they "
            f"make {made} now; train again with: {run.command}"
        )
    task = build(cfg.task)
    model = build_model(cfg, task)
    if trained:
        load_weights(model, run)
    return RestoredRun(run, task, model)


def load_weights(model: Model, run: Run) -> None:
    """Give a model the weights that its run chose; no code in the file is run.

    Raises:
        LonglagError: they were not kept, or the file is damaged or of another model.
    """
    weights = run.folder / "weights.pt"
    if not weights.is_file():
        raise LonglagError(
            f"{run.folder} has no weights.pt (weights are not committed); train again with: "
            f"{run.command}"
        )
    try:
        model.load_state_dict(torch.load(io.BytesIO(weights.read_bytes()), weights_only=True))
    except Exception as error:  # any: nobody knows what a foreign file makes torch raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LonglagError(
            f"{weights} is damaged or of another model ({reason}); train again with: {run.command}"
        ) from error
