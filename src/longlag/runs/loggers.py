"""Loggers show a run to people (W&B, CSV, nothing); the record is the truth.

Whatever goes wrong in a logger is said once, and never costs a result.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import lightning
from lightning.pytorch.loggers import CSVLogger, Logger
from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.probes.callback import GradientFlow
from longlag.records.record import Record
from longlag.runs.config import Config

log = logging.getLogger(__name__)


class SafeLogger(Logger):
    """Passes metrics on to `send` until that fails; then says so once and stays silent.

    Args:
        send: takes a dict of values and the training step.
        close: ends the logging; takes whether the run succeeded.
        draw: makes pictures that `send` takes from a record and its arrays.
        keep: takes a record and the weights of its model, where they are to be kept.
    """

    def __init__(
        self,
        send: Callable[[Mapping[str, Any], int], None],
        close: Callable[[bool], None],
        draw: Callable[[Record, dict[str, Any]], Mapping[str, Any]],
        keep: Callable[[Record, bytes], None] | None = None,
    ) -> None:
        super().__init__()
        self._keep = keep
        self._send, self._close, self._draw = send, close, draw
        self.broken = False

    @property
    def name(self) -> str:
        """Return the name that Lightning asks for."""
        return "longlag"

    @property
    def version(self) -> str:
        """Return the version that Lightning asks for; it is unused."""
        return ""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Send metrics: Lightning calls this at each validation."""
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        self.attempt(self._send, values, step or 0)

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the config was handed over when the logger was opened."""

    def send(self, values: Mapping[str, Any], step: int) -> None:
        """Pass on anything that the service can show."""
        self.attempt(self._send, values, step)

    def show(self, record: Record, arrays: dict[str, Any], weights: bytes = b"") -> None:
        """Pass on the outcome, what can be drawn of the probe's arrays and, if asked, weights."""
        self.attempt(lambda: self._send(self._draw(record, arrays), record.steps))
        if self._keep is not None:
            self.attempt(self._keep, record, weights)

    def close(self, success: bool) -> None:
        """End the logging."""
        self.attempt(self._close, success)

    def attempt(self, action: Callable[..., None], *args: Any) -> None:
        """Do it, or say once that it failed."""
        if self.broken:
            return
        try:
            action(*args)
        except Exception as error:  # any: a service's failure must not cost a result
            self.broken = True
            log.warning("the logger failed and is off for this run: %s", error)


def wandb_logger(
    folder: Path,
    config: Config,
    mode: Literal["offline", "online", "disabled"] = "offline",
    project: str = "longlag",
    entity: str | None = None,
    group: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    notes: str | None = None,
    weights: bool = False,
) -> SafeLogger:
    """Open a W&B run that keeps no machine, program, folder or arguments.

    Args:
        folder: of the study; W&B writes its own folder below it.
        config: of the run.
        mode: offline, online (needs an account) or disabled.
        project: of W&B.
        entity: user or team; None: the account's own.
        group: None: study and task.
        name: None: cell, task, length, learning rate and seed.
        tags: besides study, cell and task.
        notes: on the run.
        weights: whether the chosen model is logged as an artifact, of which W&B keeps a copy in
            the user's home until it is sent.

    Raises:
        LonglagError: another mode.
    """
    if mode not in ("offline", "online", "disabled"):
        raise LonglagError(f"logger.mode must be offline, online or disabled, not {mode!r}")
    import wandb

    from longlag.runs import panels, wandb_panels

    names, study = config.names, config.names.get("study") or "single"
    folder.mkdir(parents=True, exist_ok=True)
    run = wandb.init(
        project=project,
        mode=mode,
        dir=str(folder),
        settings=private_settings(),
        reinit="create_new",
        entity=entity,
        name=name or title_of(config),
        group=group or f"{study}/{names['task']}",
        job_type=names.get("stage") or "single",  # of a study: tune or final
        tags=[study, names["cell"], names["task"], *tags],
        notes=notes,
        config={**config.scientific, "names": names, "id": config.id},
    )
    run.define_metric("*", step_metric="step")

    def send(values: Mapping[str, Any], step: int) -> None:
        wandb_panels.keep_tables(values, run)
        run.log({**values, "step": step})

    def close(success: bool) -> None:
        run.finish(exit_code=0 if success else 1)
        shutil.rmtree(Path(run.dir).parent / "logs", ignore_errors=True)  # they name the machine
        if mode == "offline":
            (Path(run.dir).parent / "finished").touch()  # for `longlag sync`

    return SafeLogger(
        send,
        close,
        lambda record, arrays: {
            **panels.summary(record, arrays),
            **wandb_panels.flow(record, arrays),
        },
        (lambda record, held: wandb_panels.log_weights(run, record, held)) if weights else None,
    )


def private_settings() -> Any:
    """Return settings of W&B that keep the machine, the program and its arguments to ourselves."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        disable_git=True,
        disable_code=True,
        save_code=False,
        x_disable_stats=True,
        x_disable_meta=True,  # program, arguments, folder, host: none is to be sent
        x_save_requirements=False,
        host="longlag",  # else W&B asks the machine
    )


def title_of(config: Config) -> str:
    """Name a run by what people tell runs apart by."""
    values = config.values
    length = OmegaConf.select(values, "task.length")
    parts = [config.names["cell"], config.names["task"]]
    parts += [] if length is None else [f"T={length}"]
    return " ".join([*parts, f"lr={OmegaConf.select(values, 'optim.lr')}", f"seed={values.seed}"])


def csv_logger(folder: Path, config: Config) -> Logger:
    """Open Lightning's CSV logger, in the study's folder."""
    return CSVLogger(folder, name="csv", version=config.id)


def no_logger(folder: Path, config: Config) -> None:
    """Log nothing: the record alone."""


def open_logger(
    make: Callable[[Path, Config], Logger | None], folder: Path, config: Config
) -> SafeLogger | None:
    """Open the logger that the config asks for; none, with a warning, where it cannot be.

    Raises:
        LonglagError: the config itself is wrong.
    """
    try:
        made = make(folder, config)
    except LonglagError:
        raise
    except Exception as error:  # any: see above
        log.warning("the logger could not be opened and is off for this run: %s", error)
        return None
    return made if made is None or isinstance(made, SafeLogger) else safe(made)


def safe(inner: Logger) -> SafeLogger:
    """Guard any logger of Lightning's, which is sent metrics and, at the end, those of the test."""
    return SafeLogger(
        lambda values, step: inner.log_metrics(dict(values), step),
        lambda success: inner.finalize("success" if success else "failed"),
        lambda record, arrays: {f"test/{k}": v for k, v in record.metrics.test.items()},
    )


def attach(
    logger: SafeLogger | None, trainer: lightning.Trainer, probe: GradientFlow | None
) -> None:
    """Have a trainer and a probe pass their numbers on to a logger, if there is one."""
    if logger is not None:
        trainer.logger = logger
        if probe is not None:
            probe.sink = lambda step, values: logger.send(values, step)


@contextmanager
def closing(logger: SafeLogger | None) -> Iterator[None]:
    """End the logging at the end, as a success or, when something was raised, as a failure."""
    success = False
    try:
        yield
        success = True
    finally:
        if logger is not None:
            logger.close(success)
