"""What is chosen during training, is chosen on validation: the weights to keep and when to stop."""

import copy
import math
from typing import Any

import lightning

from longlag.tasks.base import Solved, rises

STATE = ("best", "best_step", "solved_at", "ran_out", "_weights", "_waited")


class Selection(lightning.Callback):
    """Keeps the weights with the best validation score, and stops when the task is solved.

    Args:
        score: the metric that chooses.
        solved: the task's criterion, if it has one.
        stop_when_solved: whether meeting it ends the training.
        patience: validations without a better score after which training ends; None: never.
    """

    def __init__(
        self, score: str, solved: Solved | None, stop_when_solved: bool, patience: int | None
    ) -> None:
        self.score, self.solved = score, solved
        self.stop_when_solved, self.patience = stop_when_solved, patience
        self.best: dict[str, float] | None = None
        self.best_step = 0
        self.solved_at: int | None = None
        self.ran_out = False
        self._weights: dict[str, Any] = {}
        self._waited = 0

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Compare with the best so far."""
        now = [
            point
            for point in pl_module.curve
            if point.split == "validation" and point.step == pl_module.steps
        ]
        metrics = {point.metric: point.value for point in now}
        if self._better(metrics):
            self.best, self.best_step, self._waited = metrics, pl_module.steps, 0
            self._weights = copy.deepcopy(pl_module.model.state_dict())
        else:
            self._waited += 1
        if pl_module.stream is not None:  # the rule over training sequences decides
            self.solved_at = pl_module.solved_at
        elif self.solved is not None and self.solved_at is None and self.solved.is_met_by(metrics):
            self.solved_at = pl_module.steps
        trainer.should_stop |= self.stop_when_solved and self.solved_at is not None
        if self.patience is not None and self._waited >= self.patience:
            self.ran_out = trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return what was chosen so far."""
        return {name: getattr(self, name) for name in STATE}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        for name in STATE:
            setattr(self, name, state_dict[name])

    def restore(self, model: Any) -> None:
        """Give `model` the weights that were kept, if any."""
        if self._weights:
            model.load_state_dict(self._weights)

    def _better(self, metrics: dict[str, float]) -> bool:
        if not all(map(math.isfinite, metrics.values())):  # a class can be right by chance
            return False
        if self.best is None:
            return True
        value, old = metrics[self.score], self.best[self.score]
        return value > old if rises(self.score) else value < old
