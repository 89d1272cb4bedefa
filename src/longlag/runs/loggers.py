"""Loggers show a run to people; the record is the truth.

Whatever goes wrong in a logger is said once, and never costs a result.  A run that goes on from a
checkpoint tells its logger again what it had told until then: the logger opens anew, and holds one
whole run.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

    Attributes:
        sent: (step, values) of all that was sent while the model learned, for its checkpoint.
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
        self.sent: list[Any] = []

    @property
    def name(self) -> str:
        """Return the name that Lightning asks for."""
        return "longlag"

    @property
    def version(self) -> str:
        """Return the version that Lightning asks for; it is unused."""
        return ""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Send metrics of a validation; those of the test come with the record, at its step."""
        if not any(name.startswith("test/") for name in metrics):
            self.send({name: metrics[name] for name in metrics if name != "epoch"}, step or 0)

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the config was handed over when the logger was opened."""

    def send(self, values: Mapping[str, float], step: int) -> None:
        """Pass numbers on, and keep them in mind."""
        self.sent.append([step, {name: float(value) for name, value in values.items()}])
        self.attempt(self._send, values, step)

    def send_again(self, sent: list[Any]) -> None:
        """Pass on what an earlier part of the run had sent; the list grows from there on."""
        self.sent = sent
        for step, values in sent:
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
    logger: SafeLogger | None,
    trainer: lightning.Trainer,
    probe: GradientFlow | None,
    sent: list[Any],
) -> None:
    """Have a trainer and a probe pass their numbers on to a logger, if there is one.

    Args:
        logger: just opened.
        trainer: of the run.
        probe: of the run.
        sent: until the checkpoint that the run goes on from; it is added to.
    """
    if logger is not None:
        logger.send_again(sent)
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
