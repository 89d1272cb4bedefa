"""The callback that watches the gradient flow while a model learns."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from heapq import merge
from itertools import count, groupby
from typing import Any, NamedTuple, final

import lightning
import numpy as np

from longlag.nn.layer_names import dashboard_name
from longlag.nn.losses import Kind
from longlag.nn.model import Model
from longlag.probes.parameters import (
    EVERY,
    StepNorms,
    Window,
    copies,
    gradient_norms,
    update_ratios,
)
from longlag.probes.profile import Arrays, profile
from longlag.tasks.base import Batch, Task

PROBE_BATCH = 10**6  # the batch of the validation stream that is kept for probes alone


class Norms(NamedTuple):
    """What one training step did to each of P parameters."""

    step: int
    before: np.ndarray  # gradient norm before clipping
    after: np.ndarray  # as the optimiser used it
    update: np.ndarray  # ||change|| / ||weight||


@final
class GradientFlow(lightning.Callback):
    """Records, on a fixed batch, how the gradient travels back through time.

    At initialisation, at steps 1, 2, 5, 10, 20, 50, ... (`first` and its successors), at the end
    of training and of the weights that validation chose: the profiles of `longlag.probes.profile`.
    At the same training steps, the gradient norm of every parameter before clipping and as the
    optimiser used it.

    Args:
        sequences: B, of the probe batch (from the validation stream; never test).
        first: the first step of the 1-2-5 schedule.
        every: also at each multiple of so many steps; None: at the schedule's alone.

    Attributes:
        seconds: of wall time spent probing.
        sink: told the step and a few numbers at each probe, for a dashboard.
    """

    def __init__(self, sequences: int = 16, first: int = 1, every: int | None = None) -> None:
        for name, value in (("sequences", sequences), ("first", first), ("every", every)):
            if value is not None and value < 1:
                raise ValueError(f"probe: {name} must be at least 1, not {value}")
        self.sequences, self.first = sequences, first
        self.seconds = 0.0
        self.sink: Callable[[int, Mapping[str, Any]], None] | None = None
        self._due = schedule(first, every)
        self._next = next(self._due)
        self._batch: Batch | None = None
        self._profiles: list[tuple[int, Arrays]] = []
        self._norms: list[Norms] = []
        self._before: tuple[np.ndarray, list[Any]] | None = None
        self._names: list[str] = []
        self._seen = StepNorms(None)
        self._open: list[np.ndarray] = []  # of the window that is open
        self._windows: list[Window] = []
        self._chosen: Arrays = {}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Profile the model as it was initialised."""
        data = trainer.datamodule
        self._batch = probe_batch(data.task, data.seed, self.sequences)
        self._names = [name for name, _ in pl_module.model.named_parameters()]
        self._seen = StepNorms(pl_module.clip)
        self._seen.resume(self._open)
        if not self._profiles:
            self._profile(0, pl_module)
        pl_module.watchers.append(self)

    def before_step(self, step: int, learner: Any) -> None:
        """Note the total gradient norm, now and then; before a probe, that of each parameter."""
        if step != self._next and step % EVERY:
            return
        with self._clock():
            self._seen.add(learner.model)
            if step == self._next:
                self._before = gradient_norms(learner.model), copies(learner.model)

    def after_step(self, step: int, learner: Any) -> None:
        """Note the gradient norms after clipping, and the profile, where they are due."""
        if self._before is None:
            return
        with self._clock():
            norms, weights = self._before
            update = update_ratios(weights, learner.model)
            self._norms.append(Norms(step, norms, gradient_norms(learner.model), update))
        self._before = None
        self._profile(step, learner)
        self._next = next(self._due)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Profile the model as training left it."""
        if self._profiles[-1][0] != pl_module.steps:
            self._profile(pl_module.steps, pl_module)

    def profile_chosen(self, model: Model, kind: Kind) -> None:
        """Profile the weights that validation chose: what "after training" means everywhere."""
        if self._batch is not None:
            with self._clock():
                self._chosen = profile(model, self._batch, kind)

    def state_dict(self) -> dict[str, Any]:
        """Return what was measured so far, between two steps, as lists of numbers and arrays."""
        return {
            "seconds": self.seconds,
            "next": self._next,
            "profiles": [[step, found] for step, found in self._profiles],
            "norms": [list(norms) for norms in self._norms],
            "windows": [list(window) for window in self._windows],
            "open": self._seen.state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there, with arrays given as tensors, before the training starts."""
        self.seconds = state_dict["seconds"]
        while self._next < state_dict["next"]:
            self._next = next(self._due)
        self._profiles = [
            (step, {name: values.numpy() for name, values in found.items()})
            for step, found in state_dict["profiles"]
        ]
        self._norms = [
            Norms(step, *(x.numpy() for x in three)) for step, *three in state_dict["norms"]
        ]
        self._windows = [Window(*values) for values in state_dict["windows"]]
        self._open = [norms.numpy() for norms in state_dict["open"]]

    def arrays(self) -> Arrays:
        """Return what probe.npz holds: profiles by step, and norms of the parameters' gradients.

        Arrays chosen/... are those of the chosen weights, without the axis of steps.
        """
        found: Arrays = {"steps": np.array([step for step, _ in self._profiles])}
        for name in self._profiles[0][1] if self._profiles else ():
            found[name] = np.stack([arrays[name] for _, arrays in self._profiles])
        found |= {f"chosen/{name}": values for name, values in self._chosen.items()}
        if self._norms:
            steps, before, after, update = zip(*self._norms, strict=True)
            found["parameter/names"] = np.array(self._names)
            found["parameter/steps"] = np.array(steps)
            found["parameter/update"] = np.stack(update)
            for name, values in (("before", np.stack(before)), ("after", np.stack(after))):
                found[f"parameter/{name}"] = values
                found[f"parameter/total_{name}"] = np.sqrt((values**2).sum(1))
        if self._windows:
            columns = zip(Window._fields, zip(*self._windows, strict=True), strict=True)
            found |= {f"window/{name}": np.array(values) for name, values in columns}
        return found

    def _profile(self, step: int, pl_module: Any) -> None:
        with self._clock():
            assert self._batch is not None, "the training has not started"
            found = profile(pl_module.model, self._batch, pl_module.spec.kind)
            self._profiles.append((step, found))
            window = self._seen.close(step)
            self._windows += [] if window is None else [window]
        if self.sink is not None:
            norms = self._norms[-1] if self._norms else None
            stack = pl_module.model
            ways = len(stack.cells) // len(stack.layers)
            self.sink(step, scalars(found, norms, window, len(stack.cells), ways))

    @contextmanager
    def _clock(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start


def schedule(first: int, every: int | None = None) -> Iterator[int]:
    """Yield `first` times 1, 2, 5, 10, 20, 50, ... and the multiples of `every`, endlessly."""
    ladder = (first * factor * 10**power for power in count() for factor in (1, 2, 5))
    if every is None:
        return ladder
    return (step for step, _ in groupby(merge(ladder, count(every, every))))


def probe_batch(task: Task, seed: int, sequences: int) -> Batch:
    """Return the fixed batch that a run is probed on."""
    return task.batch("validation", seed, PROBE_BATCH, sequences)


def scalars(
    found: Arrays, norms: Norms | None, window: Window | None, cells: int = 1, ways: int = 1
) -> dict[str, float]:
    """Return the few numbers of a probe that fit a dashboard's curves, with readable names.

    Args:
        found: of one profile.
        norms: of the parameters, if a step was looked at.
        window: of the steps since the last probe, likewise.
        cells: of the model.
        ways: cells of a layer.
    """
    shown = {}
    for name, values in found.items():
        if name.startswith("profile/"):
            where = dashboard_name(name, cells, ways)
            shown[f"gradient/{where}/last_step"] = float(values[0])
            shown[f"gradient/{where}/first_step"] = float(values[-1])
        if name.startswith("gate/"):
            shown[f"gate/{dashboard_name(name, cells, ways)}/mean"] = float(values.mean())
    if norms is not None:
        shown["gradient/total_before_clipping"] = float(np.linalg.norm(norms.before))
        shown["gradient/total_after_clipping"] = float(np.linalg.norm(norms.after))
    if window is not None:
        shown["gradient/clipped_share"] = window.clipped
        shown["gradient/exploded_steps"] = float(window.exploded)
    return shown


def nothing() -> None:
    """Return None: there is no probe."""
