"""TensorBoard and MLflow through Lightning's own loggers: curves, profiles, maps, settings.

A profile is a series whose step is the lag: `profile/c/initial` and `profile/c/trained`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger

from longlag.errors import look_for
from longlag.records.record import Record
from longlag.runs.config import Config
from longlag.runs.loggers import SafeLogger, title_of
from longlag.runs.panels import can_draw, numbers, panels, picture, summary

ANYWHERE = "mlflow-artifacts:/"  # where `mlflow server` is told that artifacts lie: no folder


def tensorboard_logger(folder: Path, config: Config) -> SafeLogger:
    """Open a TensorBoard log in <study>/tensorboard/<run id>.

    Args:
        folder: of the study.
        config: of the run.

    Raises:
        LonglagError: TensorBoard is not installed.
    """
    look_for("tensorboard")
    for earlier in folder.glob(f"tensorboard/{config.id}/events.out.tfevents.*"):
        earlier.unlink()  # of this run when it was killed: all in it is told again
    inner = TensorBoardLogger(
        folder, name="tensorboard", version=config.id, default_hp_metric=False
    )

    def draw(record: Record, arrays: dict[str, Any]) -> dict[str, float]:
        final = numbers(summary(record, arrays))
        inner.log_hyperparams(config.scientific | {"names": config.names}, final)
        show_profiles(inner, record, arrays)
        if can_draw():
            for panel in panels(record, arrays):
                shown = picture(panel.values)
                inner.experiment.add_image(panel.key("map"), shown, record.steps, dataformats="HWC")
        return final

    def close(success: bool) -> None:
        inner.finalize("success" if success else "failed")
        for path in Path(inner.log_dir).glob("events.out.tfevents.*"):
            time, *_, count = path.name.split(".")[3:]  # between them: the host and the process
            path.rename(path.with_name(f"events.out.tfevents.{time}.{config.id}.{count}"))

    return SafeLogger(lambda values, step: inner.log_metrics(numbers(values), step), close, draw)


def mlflow_logger(
    folder: Path, config: Config, tracking_uri: str | None = None, experiment: str | None = None
) -> SafeLogger:
    """Open an MLflow run that names no user, program or commit.

    Args:
        folder: of the study.
        config: of the run.
        tracking_uri: None: the database <study>/mlflow.db, with its artifacts in <study>/mlflow.
        experiment: None: study and task.

    Raises:
        LonglagError: MLflow is not installed.
    """
    look_for("mlflow", "sqlalchemy", "alembic")
    study = config.names.get("study") or "single"
    hidden = ("mlflow.user", "mlflow.source.name", "mlflow.source.git.commit")
    inner = MLFlowLogger(
        experiment or f"{study}/{config.names['task']}",
        run_name=title_of(config),
        tracking_uri=tracking_uri or database(folder),
        artifact_location=None if tracking_uri else ANYWHERE,
        tags=dict.fromkeys(hidden, "longlag") | {"id": config.id, **told(config)},
    )
    delete_killed(inner, config.id)
    inner.log_hyperparams(config.scientific)

    def draw(record: Record, arrays: dict[str, Any]) -> dict[str, float]:
        show_profiles(inner, record, arrays)
        for panel in panels(record, arrays) if can_draw() else ():
            shown, name = picture(panel.values), f"{panel.key('map')}.png"
            if tracking_uri:
                inner.experiment.log_image(inner.run_id, shown, name)
            else:
                keep_image(folder / "mlflow" / str(inner.run_id) / "artifacts" / name, shown)
        return numbers(summary(record, arrays))

    return SafeLogger(
        lambda values, step: inner.log_metrics(plain(values), step),
        lambda success: inner.finalize("success" if success else "failed"),
        draw,
    )


def database(folder: Path) -> str:
    """Return the address of a study's own database, which is there then."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{(folder / 'mlflow.db').resolve()}"
    SqlAlchemyStore(address, ANYWHERE)  # or MLflow writes the working folder into it
    return address


def delete_killed(inner: MLFlowLogger, run_id: str) -> None:
    """Delete what this run logged until it was killed: it is all told again."""
    client = inner.experiment
    asked = f"tags.id = '{run_id}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([str(inner.experiment_id)], asked):
        if run.info.run_id != inner.run_id:
            client.delete_run(run.info.run_id)


def keep_image(path: Path, shown: np.ndarray) -> None:
    """Write a picture where `mlflow server --artifacts-destination <study>/mlflow` finds it."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shown).save(path)


def told(config: Config) -> dict[str, str]:
    """Return the names that tell runs apart, as tags."""
    return {
        name: config.names[name] for name in ("cell", "task", "stage") if config.names.get(name)
    }


def show_profiles(inner: Logger, record: Record, arrays: dict[str, Any]) -> None:
    """Log each quantity at initialisation and of the chosen model, with the lag as its step."""
    for panel in panels(record, arrays):
        for name, row in (("initial", panel.values[0]), ("trained", panel.values[-1])):
            for lag, value in enumerate(row):
                if value == value:
                    inner.log_metrics(plain({f"{panel.group}/{panel.where}/{name}": value}), lag)


def plain(values: Mapping[str, Any]) -> dict[str, float]:
    """Keep numbers, under names that MLflow takes: a candidate gate, g~, is g_candidate."""
    return {name.replace("~", "_candidate"): v for name, v in numbers(values).items()}
