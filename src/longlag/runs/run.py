"""One run: from a config to what its record holds."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import torch

from longlag.engine.denormals import flush_denormals
from longlag.runs import loggers
from longlag.runs.config import Config
from longlag.runs.describe import describe, rows
from longlag.runs.instantiate import build, build_model, build_trainer, interruptible, quiet
from longlag.runs.malloc import keep_memory
from longlag.runs.provenance import reset_peak_memory
from longlag.training.best_checkpoint import Selection
from longlag.training.datamodule import DataModule
from longlag.training.learner import Learner


class Result(NamedTuple):
    """Everything that a run leaves: what the store writes."""

    record: dict[str, Any]
    curve: list[dict[str, Any]]  # rows of curve.csv
    arrays: dict[str, Any]  # of probe.npz
    weights: dict[str, torch.Tensor]  # of the model that was chosen


@dataclass
class Clock:
    """Wall seconds by name."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time spent inside to `name`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


@flush_denormals()
def execute(config: Config, study: Path, watchers: Sequence[lightning.Callback] = ()) -> Result:
    """Train, choose on validation, test once.

    Args:
        config: of the run.
        study: the folder that a mirror may write below.
        watchers: further callbacks, which must not change what is computed.

    Raises:
        LonglagError: the config asks for something that cannot be.
    """
    cfg, clock = config.values, Clock()
    torch.set_num_threads(int(cfg.threads))
    keep_memory()
    reset_peak_memory()
    with clock.time("setup"):
        task = build(cfg.task)
        model, optimizer = build_model(cfg, task), build(cfg.optim)
        learner = Learner(model, task.spec, optimizer, cfg.trainer.clip)
        chosen = cfg.trainer
        sizes = (chosen.batch_size, chosen.validation_size, chosen.test_size)
        data = DataModule(task, cfg.seeds.data, *sizes)
        metric, solved = task.spec.metrics[0], task.spec.solved
        selection = Selection(metric, solved, chosen.stop_when_solved, chosen.patience)
        probe = build(cfg.probe)
        callbacks = [selection, *([] if probe is None else [probe]), *watchers]
        logger = loggers.open_mirror(build(cfg.logger), study, config)
        if probe is not None and logger is not None:
            probe.sink = lambda step, values: logger.send(values, step)
        trainer = build_trainer(chosen, callbacks, logger)
    with loggers.closing(logger):
        with quiet(), interruptible(), clock.time("train"):
            trainer.fit(learner, data)
        record = describe(config, task, learner, selection)
        selection.restore(learner.model)
        with quiet(), clock.time("evaluate"):
            tested = trainer.test(learner, data, verbose=False)[0]
        record["metrics"]["test"] = {k.removeprefix("test/"): float(v) for k, v in tested.items()}
        clock.seconds["probe"] = 0.0 if probe is None else probe.seconds
        clock.seconds["train"] -= clock.seconds["probe"]
        record["seconds"] = {name: round(value, 3) for name, value in clock.seconds.items()}
        arrays = {} if probe is None else probe.arrays()
        if logger is not None:
            logger.show(record, arrays)
    weights = learner.model.state_dict()
    return Result(record, rows(learner.curve, chosen.batch_size), arrays, weights)
