"""What a run that was killed goes on from: the whole state of its training, in one file.

A checkpoint is taken between two steps, never inside a validation.  It is used by the same run id
alone, of the same source, packages and kind of machine: whoever goes on elsewhere starts anew.
"""

import functools
import hashlib
import io
import logging
import random
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import lightning
import numpy as np
import torch

import longlag
from longlag.records.atomic import write_atomically
from longlag.records.store import Store
from longlag.runs.config import Config
from longlag.runs.provenance import machine

log = logging.getLogger(__name__)

ROOMS = ("cells", "engine", "nn", "tasks", "training", "probes", "runs")  # that compute a run
State = dict[str, Any]


@final
class Checkpoint(lightning.Callback):
    """Writes the state of a training every so many seconds or steps.

    Args:
        store: of the run's study.
        config: of the run; its `checkpoint` says how often.
        state: gives the state as it is now, of plain containers, numbers, arrays and tensors.

    Attributes:
        resumed: how many times the training went on from a checkpoint.
    """

    def __init__(self, store: Store, config: Config, state: Callable[[], State]) -> None:
        often, trainer = config.values.checkpoint, config.values.trainer
        self.seconds, self.steps = often.seconds, often.steps
        self.block, self.last = trainer.validate_every, trainer.max_steps
        self.state, self.store = state, store
        self.path = store.checkpoint(config.id)
        self.origin = origin_of(config) if self.seconds or self.steps else {}
        self.resumed = 0
        self._generators: State | None = None

    def read(self) -> State | None:
        """Read the state that the run goes on from; None if there is none that fits."""
        if not self.origin or not self.path.is_file():
            return None
        try:
            found = load(self.path)
        except Exception as error:  # any: nobody knows what a damaged file makes torch raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            log.warning(
                "%s is damaged (%s): it is kept in damaged/, and the run starts anew",
                self.path,
                reason,
            )
            self.store.put_aside(self.path)
            return None
        other = [name for name, value in self.origin.items() if found["origin"].get(name) != value]
        if other:
            log.warning("%s is of another %s: the run starts anew", self.path, " and ".join(other))
            return None
        self.resumed, self._generators = found["resumed"] + 1, found["generators"]
        return found["state"]

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Give the process its generators back, and begin to count."""
        if self._generators is not None:
            data = trainer.datamodule
            pl_module.rehearse(data.task.batch("train", data.seed, 0, data.batch_size))
            set_generators(self._generators)
        self._begin(pl_module.steps)
        if self.origin:
            pl_module.between.append(self.between_steps)

    def between_steps(self, step: int) -> None:
        """Write, where it is due inside a block; the end of a block waits for its validation."""
        if step % self.block and self._due(step):
            self._write(step)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Write, where it is due and the training goes on."""
        step = pl_module.steps
        if self.origin and not trainer.should_stop and step < self.last and self._due(step):
            self._write(step)

    def _begin(self, step: int) -> None:
        self._step, self._time = step, time.perf_counter()

    def _due(self, step: int) -> bool:
        if self.steps is not None and step - self._step >= self.steps:
            return True
        return self.seconds is not None and time.perf_counter() - self._time >= self.seconds

    def _write(self, step: int) -> None:
        content = {
            "origin": self.origin,
            "resumed": self.resumed,
            "generators": generators(),
            "state": self.state(),
        }
        try:
            write_atomically(self.path, lambda file: torch.save(plain(content), file))
        except OSError as error:  # a result must not be lost for it
            log.warning("%s cannot be written (%s): the run goes on without", self.path, error)
        self._begin(step)


def load(path: Path) -> State:
    """Read a checkpoint; no code in it is run.

    Raises:
        Exception: it is cut off or damaged.
    """
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if (broken := archive.testzip()) is not None:  # torch checks less
            raise ValueError(f"the checksum of {broken} is wrong")
    return torch.load(io.BytesIO(content), weights_only=True)


def plain(value: Any) -> Any:
    """Return a value with NumPy's arrays as tensors: what torch writes and reads without code."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if type(value) is dict:
        return {key: plain(child) for key, child in value.items()}
    return [plain(child) for child in value] if type(value) is list else value


def origin_of(config: Config) -> dict[str, Any]:
    """Say what a checkpoint must agree in with the run that goes on from it."""
    here: Mapping[str, Any] = machine()
    kind = {name: value for name, value in here["machine"].items() if name != "cores"}
    versions = here["versions"]
    return {"run": config.id, "source": source(), "versions": versions, "machine": kind}


@functools.cache
def source() -> str:
    """Return a digest of everything of longlag's that computes a run, once a process."""
    digest, root = hashlib.sha256(), Path(longlag.__file__).parent
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def generators() -> State:
    """Return how far the generators of the process have come; longlag's own draw from none."""
    kind, key, *rest = np.random.get_state()
    numpy = [kind, key.astype(np.int64), *rest]  # type: ignore[union-attr]
    return {"torch": torch.get_rng_state(), "numpy": numpy, "python": random.getstate()}


def set_generators(state: State) -> None:
    """Let the generators of the process go on from there."""
    kind, key, *rest = state["numpy"]
    np.random.set_state((kind, key.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    random.setstate(state["python"])
