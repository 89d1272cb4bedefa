"""What a run shows on a dashboard beside its curves: the gradient's way back through time."""

import functools
import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from longlag.nn.layer_names import dashboard_name
from longlag.records.gradient_decay import best_rate
from longlag.records.record import Record
from longlag.records.run import Run

log = logging.getLogger(__name__)


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


def flow(record: Record, arrays: dict[str, Any]) -> dict[str, Any]:
    """A line series and a heat map over lag and training step for each profile; gates too.

    Args:
        record: of the run.
        arrays: of probe.npz.
    """
    import wandb

    if "steps" not in arrays:
        return {}
    steps, shown = arrays["steps"], {}
    cells, ways = record.model.cells, record.model.ways
    for name in arrays:
        group = name.split("/")[0]
        if group not in ("profile", "gate"):
            continue
        values = np.asarray(arrays[name], dtype=float)
        with np.errstate(divide="ignore"):
            drawn = np.log10(values) if group == "profile" else values
        drawn = np.where(np.isfinite(drawn), drawn, np.nan)
        where = dashboard_name(name, cells, ways)
        unit = "log10 |dL/ds|" if group == "profile" else "mean activation"
        shown[f"{group}_lines/{where}"] = wandb.plot.line_series(
            xs=list(range(values.shape[1])),
            ys=[[None if v != v else float(v) for v in row] for row in drawn],
            keys=[f"step {step}" for step in steps],
            title=f"{unit}: {where}",
            xname="steps before the answer",
        )
        if can_draw():
            shown[f"{group}_map/{where}"] = wandb.Image(
                picture(drawn), caption=f"{unit}; right: further back; down: training steps"
            )
    return shown


def keep_tables(shown: Mapping[str, Any], run: Any) -> None:
    """Write the tables of charts to a W&B run's folder before they are logged.

    W&B makes an artifact of a table that is nowhere yet: a copy in the user's home directory,
    whose path would be sent.
    """
    from wandb.plot.custom_chart import CustomChart

    for key, chart in shown.items():
        if isinstance(chart, CustomChart):
            chart.set_key(key)
            chart.table.bind_to_run(run, chart.spec.table_key, run.step)


@functools.cache
def can_draw() -> bool:
    """Whether heat maps can be made; else say once what they need."""
    found = importlib.util.find_spec("PIL") is not None
    if not found:
        log.warning("W&B gets no heat maps without Pillow: run `pip install 'longlag[report]'`")
    return found


def picture(values: np.ndarray) -> np.ndarray:
    """A grey map (S,K) -> (height, width, 3) uint8 with blocks large enough to see; NaN is red."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scaled = (values - low) / (high - low if high > low else 1.0)
    grey = np.where(np.isfinite(scaled), scaled, 0.0) * 255
    rgb = np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)
    rgb[~np.isfinite(values)] = (160, 30, 30)
    return rgb.repeat(16, axis=0).repeat(max(1, 480 // max(1, values.shape[1])), axis=1)
