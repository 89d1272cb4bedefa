"""A training that can be watched: its curve and gradient so far, in a file until it ends."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, final

import lightning
import numpy as np
from omegaconf import OmegaConf

from longlag.probes.callback import GradientFlow
from longlag.records.atomic import write_json
from longlag.records.live import live_file
from longlag.runs.config import Config

PERIOD = 2.0  # seconds between two; a training that is over sooner writes none
POINTS = 400  # of one line, at most


@final
class Live(lightning.Callback):
    """Keeps `<study>/.live/<run id>.json` while a model learns, for `longlag serve`.

    Args:
        study: its folder.
        config: of the run.
        probe: whose profiles are shown; None: there is none.
    """

    def __init__(self, study: Path, config: Config, probe: GradientFlow | None) -> None:
        self.path = live_file(study, config.id)
        self.config, self.probe = config, probe
        self.begun = self.written = time.monotonic()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to count."""
        self.begun = self.written = time.monotonic()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Write how far it is, unless it was written a moment ago."""
        now = time.monotonic()
        if now - self.written >= PERIOD:
            self.written = now
            with suppress(OSError):  # it is only looked at
                write_json(self.path, self.seen(pl_module))

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave nothing: a record follows."""
        self.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Leave nothing: it failed, or was interrupted."""
        self.end()

    def end(self) -> None:
        """Remove the file, and its folder if it is the last one."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()

    def seen(self, learner: Any) -> dict[str, Any]:
        """Return what is known by now, as plain containers."""
        values, names = self.config.values, self.config.names
        lines: dict[str, list[list[float | None]]] = {}
        for point in learner.curve:
            shown = float(point.value) if np.isfinite(point.value) else None
            lines.setdefault(f"{point.split}/{point.metric}", []).append([point.step, shown])
        return {
            "names": {key: names.get(key) for key in ("cell", "task", "stage")},
            "length": OmegaConf.select(values, "task.length"),
            "rate": OmegaConf.select(values, "optim.lr"),
            "seed": values.seed,
            "command": self.config.command,
            "metric": learner.spec.metrics[0],
            "step": learner.steps,
            "steps": values.trainer.max_steps,
            "seconds": round(time.monotonic() - self.begun, 1),
            "curves": {name: spread(points) for name, points in lines.items()},
            "profiles": self.profiles(),
        }

    def profiles(self) -> dict[str, dict[str, list[float | None]]]:
        """Return ||dL/ds|| of the first layer over the lag, as it began and as it is now."""
        arrays = {} if self.probe is None else self.probe.arrays()
        first = {name: rows for name, rows in arrays.items() if name.startswith("profile/0/")}
        return {
            when: {
                name.rpartition("/")[2]: [
                    float(norm) if np.isfinite(norm) else None for norm in rows[at]
                ]
                for name, rows in first.items()
                if len(rows)
            }
            for when, at in (("initial", 0), ("trained", -1))
        }


def spread(points: list[Any]) -> list[Any]:
    """Return at most POINTS of the points, first and last among them."""
    kept = np.unique(np.linspace(0, len(points) - 1, POINTS).round().astype(int))
    return [points[i] for i in kept]
