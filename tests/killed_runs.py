"""Runs in processes of their own that are killed at a training step and started again."""

import os
import signal
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import lightning
import torch

from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.run import execute

STUDY = "single"


class KilledAt(lightning.Callback):
    """Ends the process without a word when a training step was taken, or its validation made."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_start(self, trainer, pl_module) -> None:
        block = trainer.datamodule.block

        def between_steps(step: int) -> None:
            if step == self.step and step % block:
                os.kill(os.getpid(), signal.SIGKILL)

        pl_module.between.append(between_steps)

    def on_validation_end(self, trainer, pl_module) -> None:
        if pl_module.steps == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def part(words: Sequence[str], root: Path, death: int | None) -> None:
    """One life of a run: to its record, or to its death."""
    torch.set_num_threads(1)
    os.environ.pop("WANDB_SERVICE", None)  # of another test's process, which would outlive this one
    store, config = Store(root, STUDY), resolve(words)
    store.prepare()
    store.save(*execute(config, store.folder, [] if death is None else [KilledAt(death)]))


def live(words: Sequence[str], root: Path, death: int | None) -> None:
    """Have a process of its own live one life of a run."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["longlag.runs.run"])
    process = context.Process(target=part, args=(words, root, death))
    process.start()
    process.join()
    assert process.exitcode == (0 if death is None else -signal.SIGKILL)


def run_in_parts(words: Sequence[str], root: Path, deaths: Sequence[int] = ()) -> Path:
    """Run to each death in turn and then to the end; returns the folder of the record."""
    for death in (*deaths, None):
        live(words, root, death)
    return root / STUDY / resolve(words).id
