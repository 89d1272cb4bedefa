"""What a run shows beside its curves, for any logger: final numbers, gradient profiles, gates."""

import functools
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from longlag.nn.layer_names import dashboard_name
from longlag.records.gradient_decay import best_rate
from longlag.records.record import Record
from longlag.records.run import Run

log = logging.getLogger(__name__)
UNITS = {"profile": "log10 |dL/ds|", "gate": "mean activation"}


class Panel(NamedTuple):
    """One quantity over lag (K) at each probed training step (S)."""

    group: str  # profile or gate
    where: str  # such as layer_2/c
    steps: list[int]  # (S) of training
    values: np.ndarray  # (S,K) in the unit of UNITS; NaN where there is none

    def key(self, form: str) -> str:
        """Name a view of it: profile_map/c."""
        return f"{self.group}_{form}/{self.where}"


def panels(record: Record, arrays: dict[str, Any]) -> Iterator[Panel]:
    """Yield the gradient's profile of every state, and the mean of every gate.

    Args:
        record: of the run.
        arrays: of probe.npz.
    """
    steps = [int(step) for step in arrays.get("steps", ())]
    for name in arrays if steps else ():
        group = name.split("/")[0]
        if group in UNITS:
            values = np.asarray(arrays[name], dtype=float)
            with np.errstate(divide="ignore"):
                values = np.log10(values) if group == "profile" else values
            finite = np.where(np.isfinite(values), values, np.nan)
            yield Panel(
                group, dashboard_name(name, record.model.cells, record.model.ways), steps, finite
            )


def summary(record: Record, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the final numbers; decay rates are those of the best path of the first layer.

    Args:
        record: of the run.
        arrays: of probe.npz.
    """
    run = Run(Path(), record, found={"probe.npz": arrays})
    return {
        "skill": run.skill,
        "floor": run.floor,
        "decay_rate/initial": best_rate(run, 0),
        "decay_rate/trained": best_rate(run, -1),
        "state_size": record.model.state_size,
        "backend": ", ".join(record.model.backends),
        "seconds": run.seconds,
        "status": record.status,
        **{f"test/{name}": value for name, value in record.metrics.test.items()},
        "solved": bool(record.solved and record.solved.met),
        "best_step": record.best_step,
        "parameters": record.model.parameters,
    }


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Keep what is a number, for loggers that hold nothing else; true is 1."""
    return {name: float(v) for name, v in values.items() if isinstance(v, (int, float))}


@functools.cache
def can_draw() -> bool:
    """Tell whether heat maps can be made; else say once what they need."""
    found = importlib.util.find_spec("PIL") is not None
    if not found:
        log.warning("there are no heat maps without Pillow: run `pip install 'longlag[report]'`")
    return found


def picture(values: np.ndarray) -> np.ndarray:
    """Draw a grey map (S,K) -> (height, width, 3) uint8 in blocks one can see; NaN is red."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scaled = (values - low) / (high - low if high > low else 1.0)
    grey = np.where(np.isfinite(scaled), scaled, 0.0) * 255
    rgb = np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)
    rgb[~np.isfinite(values)] = (160, 30, 30)
    return rgb.repeat(16, axis=0).repeat(max(1, 480 // max(1, values.shape[1])), axis=1)
