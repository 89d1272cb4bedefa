"""A trained model on sequences longer, or shorter, than those it was trained on."""

from typing import NamedTuple

import torch

from longlag.engine.denormals import flush_denormals
from longlag.errors import LonglagError
from longlag.runs.restore import RestoredRun
from longlag.tasks.base import Floor, Task
from longlag.training.learner import Learner

TIMES = (0.5, 1, 1.5, 2, 3, 4, 6, 8)  # the default lengths, in those of training
SIZE, BATCH = 512, 64  # test sequences of each length


class Point(NamedTuple):
    """The test metrics at one length."""

    length: int
    metrics: dict[str, float]
    floor: Floor  # of the score, at this length


def curve(run: RestoredRun, lengths: list[int] | None = None, size: int = SIZE) -> list[Point]:
    """Measure a trained model at each length; nothing is trained.

    Args:
        run: whose model is asked.
        lengths: None: the multiples `TIMES` of the training length that the task allows.
        size: sequences of each length; the metrics at the training length are the recorded ones
            if that is what the record was scored on.

    Raises:
        LonglagError: the task has no length, does not allow one that was asked for, or changes
            its inputs or outputs with it; the weights are not finite.
    """
    if not all(bool(p.isfinite().all()) for p in run.model.parameters()):
        raise LonglagError("the trained weights are not finite: its training diverged")
    tasks = at_lengths(run.task, lengths)
    sizes = {(t.spec.input_size, t.spec.output_size) for t in (run.task, *tasks.values())}
    if len(sizes) > 1:
        raise LonglagError(
            f"{run.task.name} changes its inputs or outputs with its length, so a model of one "
            "length cannot be asked at another"
        )
    return [
        Point(length, score(run, task, run.run.data_seed, size), task.spec.floors[0])
        for length, task in tasks.items()
    ]


def at_lengths(task: Task, lengths: list[int] | None) -> dict[int, Task]:
    """Return the task at each length, shortest first."""
    own = getattr(task, "length", None)
    if own is None:
        raise LonglagError(
            f"the data of {task.name} fix its length: there is no longer sequence to ask for; "
            "synthetic tasks such as adding, copy or parity have an argument `length`"
        )
    found: dict[int, Task] = {}
    for length in sorted(set(lengths or [round(own * times) for times in TIMES])):
        try:
            found[length] = task if length == own and task.evaluated() is task else task.at(length)
            _ = found[length].spec
        except ValueError as error:
            if lengths is not None:
                raise LonglagError(str(error)) from error
    return found


@flush_denormals()
@torch.inference_mode()
def score(run: RestoredRun, task: Task, seed: int, size: int) -> dict[str, float]:
    """Measure the model on `size` test sequences of `task`."""
    learner = Learner(run.model, task.spec, lambda _: None)  # pyright: ignore[reportArgumentType]
    was = run.model.training
    learner.eval()
    for k, batch in enumerate(task.evaluation("test", seed, size, min(BATCH, size))):
        learner.test_step(batch, k)
    run.model.train(was)
    return learner.collect()
