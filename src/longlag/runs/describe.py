"""What a record says of a run."""

from typing import Any

from longlag.engine import choose_backend
from longlag.nn.model import Model
from longlag.runs.config import Config
from longlag.runs.provenance import peak_memory_mb, provenance
from longlag.tasks.base import Solved, Task, rises
from longlag.training.best_checkpoint import Selection
from longlag.training.learner import Learner, Point


def describe(config: Config, task: Task, learner: Learner, selection: Selection) -> dict[str, Any]:
    """All but the test's metrics and the seconds.

    Args:
        config: of the run.
        task: what was asked.
        learner: after training.
        selection: what was chosen on validation.
    """
    cfg, spec = config.values, task.spec
    batch_size = cfg.trainer.batch_size
    return {
        "schema": 1,
        "id": config.id,
        "names": config.names,
        "seed": cfg.seed,
        "command": config.command,
        "config": config.scientific,
        **provenance(cfg.trainer.accelerator, task),
        "model": size(learner.model, batch_size),
        "task": {
            "length": getattr(task, "length", None),
            "lag": spec.lag,
            "kind": spec.kind,
            "source": task.source,
        },
        "status": status(learner, selection),
        "score": spec.metrics[0],
        "directions": {m: "max" if rises(m) else "min" for m in (*spec.metrics, "loss")},
        "metrics": {"validation": selection.best or {}, "test": {}},
        "floors": [floor._asdict() for floor in spec.floors],
        "baselines": [baseline._asdict() for baseline in spec.baselines],
        "solved": outcome(spec.solved, selection.solved_at, batch_size),
        "best_step": selection.best_step,
        "steps": learner.steps,
        "sequences": learner.steps * batch_size,
        "peak_memory_mb": peak_memory_mb(),
    }


def size(model: Model, batch_size: int) -> dict[str, Any]:
    """What the model costs, and what ran its first layer."""
    ran = model.backend
    if ran == "auto":
        like = next(model.parameters())
        first = model.cells[0]
        ran = choose_backend(first, like.new_zeros(1, batch_size, first.input_size))
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "state_size": model.state_size,
        "hidden_size": model.cells[0].hidden_size,
        "layers": len(model.cells),
        "backend": ran,
    }


def status(learner: Learner, selection: Selection) -> str:
    """How the training ended."""
    if learner.diverged_at is not None:
        return "diverged"
    if selection.solved_at is not None:
        return "solved"
    return "stopped" if selection.ran_out else "finished"


def outcome(solved: Solved | None, step: int | None, batch_size: int) -> dict[str, Any] | None:
    """The criterion, and when it was first met on validation."""
    if solved is None:
        return None
    sequences = None if step is None else step * batch_size
    return {**solved._asdict(), "met": step is not None, "step": step, "sequences": sequences}


def rows(curve: list[Point], batch_size: int) -> list[dict[str, Any]]:
    """The learning curve, a row a number."""
    return [
        {
            "step": p.step,
            "sequences": p.step * batch_size,
            "split": p.split,
            "metric": p.metric,
            "value": p.value,
        }
        for p in curve
    ]
