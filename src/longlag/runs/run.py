"""One run: from a config to what its record holds."""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import torch

from longlag.engine.denormals import flush_denormals
from longlag.probes.callback import GradientFlow
from longlag.records.record import Record
from longlag.records.side_files import CurvePoint
from longlag.records.store import Store
from longlag.runs import loggers
from longlag.runs.checkpoint import Checkpoint
from longlag.runs.config import Config
from longlag.runs.describe import describe, rows
from longlag.runs.instantiate import (
    build,
    build_logger,
    build_model,
    build_optimizer,
    build_trainer,
    interruptible,
    quiet,
)
from longlag.runs.live import Live
from longlag.runs.malloc import keep_memory
from longlag.runs.provenance import reset_peak_memory
from longlag.tasks.base import Task
from longlag.training.best_checkpoint import Selection
from longlag.training.datamodule import DataModule
from longlag.training.learner import Learner
from longlag.training.metrics import measured_floor
from longlag.training.online import StreamRule


class Result(NamedTuple):
    """Everything that a run leaves: what the store writes."""

    record: Record
    curve: list[CurvePoint]  # of curve.csv
    arrays: dict[str, Any]  # of probe.npz
    weights: bytes  # of weights.pt: the state dict of the model that was chosen


@dataclass
class Timer:
    """Wall seconds by name."""

    seconds: dict[str, float] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)  # when what is under way began

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time spent inside to `name`."""
        self.since[name] = time.perf_counter()
        yield
        self.seconds[name] = self.so_far()[name]
        del self.since[name]

    def so_far(self) -> dict[str, float]:
        """Return the seconds, those of what is under way among them."""
        now = time.perf_counter()
        running = {n: self.seconds.get(n, 0.0) + now - start for n, start in self.since.items()}
        return self.seconds | running


class Parts(NamedTuple):
    """What a run is made of, ready to train."""

    task: Task
    learner: Learner
    data: DataModule
    selection: Selection
    probe: GradientFlow | None
    trainer: lightning.Trainer
    checkpoint: Checkpoint
    sent: list[Any]  # to a logger, until the checkpoint that the run goes on from


@flush_denormals()
def execute(config: Config, study: Path, watchers: Sequence[lightning.Callback] = ()) -> Result:
    """Train, choose on validation, test once.

    Args:
        config: of the run.
        study: the folder that a logger and checkpoints may be written below.
        watchers: further callbacks, which must not change what is computed.

    Raises:
        LonglagError: the config asks for something that cannot be; nothing was opened then.
    """
    timer = Timer()
    torch.set_num_threads(int(config.values.threads))
    keep_memory()
    reset_peak_memory()
    with timer.time("setup"):
        parts = assemble(config, study, watchers, timer)
        task, learner, data, selection, probe, trainer, checkpoint, sent = parts
        logger = loggers.open_logger(build_logger(config.values.logger), study, config)
        loggers.attach(logger, trainer, probe, sent)
    with loggers.closing(logger):
        with quiet(), interruptible(), timer.time("train"):
            trainer.fit(learner, data)
        selection.restore(learner.model)
        with timer.time("train"):  # from which the probe's seconds are taken
            if probe is not None:
                probe.profile_chosen(learner.model, task.spec.kind)
        with quiet(), timer.time("evaluate"):
            tested = trainer.test(learner, data, verbose=False)[0]
        timer.seconds["probe"] = 0.0 if probe is None else probe.seconds
        timer.seconds["train"] -= timer.seconds["probe"]
        test = {name.removeprefix("test/"): float(value) for name, value in tested.items()}
        floor = measured_floor(task, data.test_dataloader())
        described = describe(config, task, learner, selection, test, floor, timer.seconds)
        record = replace(described, resumed=checkpoint.resumed)
        arrays = {} if probe is None else probe.arrays()
        weights = io.BytesIO()
        torch.save(dict(learner.model.state_dict()), weights)
        if logger is not None:
            logger.show(record, arrays, weights.getvalue())
    curve = rows(learner.curve, config.values.trainer.batch_size)
    return Result(record, curve, arrays, weights.getvalue())


def assemble(
    config: Config, study: Path, watchers: Sequence[lightning.Callback], timer: Timer
) -> Parts:
    """Build everything that a run needs, as it begins or as its checkpoint left it.

    Raises:
        LonglagError: the config asks for something that cannot be.
    """
    cfg = config.values
    task = build(cfg.task)
    model, optimizer = build_model(cfg, task), build_optimizer(cfg.optim)
    chosen = cfg.trainer
    stream = chosen.get("stream")  # the task says what is right
    rule = None if stream is None else StreamRule(tolerance=task.spec.tolerance, **stream)
    learner = Learner(model, task.spec, optimizer, chosen.clip, rule)
    sizes = (chosen.batch_size, chosen.validation_size, chosen.test_size)
    data = DataModule(task, cfg.seeds.data, *sizes, block=chosen.validate_every)
    metric, solved = task.spec.metrics[0], task.spec.solved
    selection = Selection(metric, solved, chosen.stop_when_solved, chosen.patience)
    probe = build(cfg.probe)
    stateful = [selection, *([] if probe is None else [probe])]
    sent: list[Any] = []

    def state() -> dict[str, Any]:
        return {
            "learner": learner.training_state(),
            "callbacks": [callback.state_dict() for callback in stateful],
            "seconds": timer.so_far(),
            "sent": sent,
        }

    checkpoint = Checkpoint(Store(study.parent, study.name), config, state)
    if (found := checkpoint.read()) is not None:
        learner.resume(found["learner"])
        for callback, its in zip(stateful, found["callbacks"], strict=True):
            callback.load_state_dict(its)
        data.first, timer.seconds = learner.steps, found["seconds"]
        sent += found["sent"]
    watching = [*stateful, *watchers, checkpoint, Live(study, config, probe)]
    trainer = build_trainer(chosen, watching, None, learner.steps)
    return Parts(task, learner, data, selection, probe, trainer, checkpoint, sent)
