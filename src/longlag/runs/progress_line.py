"""One line that tells a person how a single run is going."""

import sys
import time
from typing import Any

import lightning
from rich.console import Console


class ProgressLine(lightning.Callback):
    """Step, score and time left, renewed at each validation; silent where output is not a terminal.

    Args:
        steps: the budget.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.console = Console(stderr=True)
        self.start, self.first = time.perf_counter(), 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to count; say where a run goes on that was stopped."""
        self.start, self.first = time.perf_counter(), pl_module.steps
        if self.first:
            self.console.print(f"goes on after step {self.first}, where its checkpoint left it")

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Renew the line."""
        if not self.console.is_terminal:
            return
        step, score = pl_module.steps, pl_module.spec.metrics[0]
        value = next(p.value for p in reversed(pl_module.curve) if p.metric == score)
        taken = max(1, step - self.first)
        left = (time.perf_counter() - self.start) / taken * (self.steps - step)
        line = f"step {step}/{self.steps}  validation {score} {value:.4g}  {left:.0f} s left"
        sys.stderr.write(f"\r\x1b[2K{line}")
        sys.stderr.flush()

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Clear the line."""
        if self.console.is_terminal:
            sys.stderr.write("\r\x1b[2K")
