"""What a record says of a run."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from longlag.nn.model import Model
from longlag.records.record import Answer, Criterion, Metrics, Network, Question, Record, Status
from longlag.records.side_files import CurvePoint
from longlag.runs.config import Config
from longlag.runs.identity import code_of
from longlag.runs.provenance import git, hardware, peak_memory_mb, versions
from longlag.tasks.base import Floor, Solved, Task, rises
from longlag.training.best_checkpoint import Selection
from longlag.training.learner import Learner, Point


def describe(
    config: Config,
    task: Task,
    learner: Learner,
    selection: Selection,
    test: dict[str, float],
    floor: float | None,
    seconds: dict[str, float],
) -> Record:
    """Make the record of a run that ended.

    Args:
        config: of the run.
        task: what was asked.
        learner: after training.
        selection: what was chosen on validation.
        test: the test metrics of the chosen weights.
        floor: what the first floor's answer scores on the test sequences, where it is known.
        seconds: of wall time, by part of the run.
    """
    cfg, spec = config.values, task.spec
    batch_size = cfg.trainer.batch_size
    return Record(
        id=config.id,
        names=config.names,
        seed=cfg.seed,
        seeds={"init": cfg.seeds.init, "data": cfg.seeds.data},
        command=config.command,
        config=config.scientific,
        versions=versions(task, next(iter(learner.model.cells), learner.model.layers[0])),
        code=code_of(config.scientific),
        git=git(),
        machine=hardware(cfg.trainer.accelerator),
        model=network(learner.model, learner.backends),
        task=Question(getattr(task, "length", None), spec.lag, spec.kind, task.source),
        status=status(learner, selection, test),
        score=spec.metrics[0],
        directions={m: "max" if rises(m) else "min" for m in (*spec.metrics, "loss")},
        metrics=Metrics(selection.best or {}, test),
        floors=answers(spec.floors, floor),
        baselines=answers(spec.baselines),
        solved=criterion(spec.solved, selection.solved_at, batch_size),
        best_step=selection.best_step,
        steps=learner.steps,
        sequences=learner.steps * batch_size,
        date=datetime.now(UTC).replace(microsecond=0),
        seconds={name: round(value, 3) for name, value in seconds.items()},
        peak_memory_mb=peak_memory_mb(),
    )


def network(model: Model, backends: tuple[str, ...]) -> Network:
    """Say what the model costs, and what ran its cells in training."""
    return Network(
        parameters=sum(p.numel() for p in model.parameters()),
        state_size=model.state_size,
        hidden_size=model.hidden_size,
        layers=len(model.layers),
        cells=len(model.cells),
        backends=backends,
    )


def status(learner: Learner, selection: Selection, test: dict[str, float]) -> Status:
    """Say how the training ended; a number that is not finite is a divergence, whenever it came."""
    if learner.diverged_at is not None or not all(map(math.isfinite, test.values())):
        return "diverged"
    if selection.solved_at is not None:
        return "solved"
    return "stopped" if selection.ran_out else "finished"


def answers(found: Iterable[Floor], measured: float | None = None) -> tuple[Answer, ...]:
    """Write floors or baselines as a record does, the first with what was measured of it."""
    return tuple(Answer(*floor, None if i else measured) for i, floor in enumerate(found))


def criterion(solved: Solved | None, step: int | None, batch_size: int) -> Criterion | None:
    """Write the criterion, and when it was first met on validation."""
    if solved is None:
        return None
    given: dict[str, Any] = solved._asdict()
    sequences = None if step is None else step * batch_size
    return Criterion(**given, met=step is not None, step=step, sequences=sequences)


def rows(curve: list[Point], batch_size: int) -> list[CurvePoint]:
    """Write the learning curve as a record's curve.csv does, a row a number."""
    return [CurvePoint(p.step, p.step * batch_size, p.split, p.metric, p.value) for p in curve]
