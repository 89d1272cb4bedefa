"""A run as W&B shows it: line series, a table, heat maps, and weights as an artifact."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from longlag.records.record import Record
from longlag.runs.panels import UNITS, Panel, can_draw, panels, picture

COLUMNS: list[str | int] = ["kind", "where", "training step", "steps before the answer", "value"]


def flow(record: Record, arrays: dict[str, Any]) -> dict[str, Any]:
    """Make a line series and a heat map for each profile and gate, and one table of all values.

    Args:
        record: of the run.
        arrays: of probe.npz.
    """
    import wandb

    shown: dict[str, Any] = {}
    rows: list[Any] = []
    for panel in panels(record, arrays):
        shown[panel.key("lines")] = lines(panel)
        rows += table_rows(panel)
        if can_draw():
            shown[panel.key("map")] = wandb.Image(
                picture(panel.values),
                caption=f"{UNITS[panel.group]}; right: further back; down: training steps",
            )
    return shown | ({"profile_table": wandb.Table(COLUMNS, rows)} if rows else {})


def lines(panel: Panel) -> Any:
    """Draw a panel as W&B's native chart, one line for each probed training step."""
    import wandb

    return wandb.plot.line_series(
        xs=list(range(panel.values.shape[1])),
        ys=[[None if v != v else float(v) for v in row] for row in panel.values],
        keys=[f"step {step}" for step in panel.steps],
        title=f"{UNITS[panel.group]}: {panel.where}",
        xname="steps before the answer",
    )


def table_rows(panel: Panel) -> list[list[Any]]:
    """List the first and the last profile as rows: a table holds few, a chart holds all."""
    ends = {0, len(panel.steps) - 1}
    return [
        [panel.group, panel.where, panel.steps[i], lag, None if value != value else float(value)]
        for i in sorted(ends)
        for lag, value in enumerate(panel.values[i])
    ]


def keep_tables(shown: Mapping[str, Any], run: Any) -> None:
    """Write tables, and those of charts, to a W&B run's folder before they are logged.

    W&B makes an artifact of a table that is nowhere yet: a copy in the user's home directory,
    whose path would be sent.
    """
    from wandb import Table
    from wandb.plot.custom_chart import CustomChart

    for key, chart in shown.items():
        if isinstance(chart, CustomChart):
            chart.set_key(key)
            chart.table.bind_to_run(run, chart.spec.table_key, run.step)
        elif isinstance(chart, Table):
            chart.bind_to_run(run, key, run.step)


def log_weights(run: Any, record: Record, weights: bytes) -> None:
    """Log the weights of the chosen model as an artifact `model-<run id>`."""
    import wandb

    made = wandb.Artifact(f"model-{record.id}", type="model", metadata={"command": record.command})
    folder = Path(run.dir)
    (folder / "weights.pt").write_bytes(weights)
    made.add_file(str(folder / "weights.pt"), policy="immutable")
    run.log_artifact(made)
