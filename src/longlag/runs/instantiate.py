"""From the parts of a config to live objects, with errors that a user can mend."""

import inspect
import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

import lightning
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger

from longlag.cells.base import Cell
from longlag.errors import LonglagError, warnings_in_one_line
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for
from longlag.runs.arguments import annotations, check_arguments
from longlag.runs.config import Config
from longlag.tasks.base import Task


def build(part: Any) -> Any:
    """Instantiate a part of the config.

    Raises:
        LonglagError: its arguments are not allowed, in one line.
    """
    try:
        return instantiate(part)
    except InstantiationException as error:
        cause = error.__cause__ or error
        if isinstance(cause, LonglagError):
            raise cause from error
        given = " ".join(f"{k}={v}" for k, v in part.items() if not str(k).startswith("_"))
        reason = str(cause).splitlines()[0]
        raise LonglagError(f"{part.get('_target_')}: {reason} (given: {given})") from error


def check(config: Config) -> None:
    """Build everything that a run is made of, and throw it away, before anything is opened.

    Raises:
        LonglagError: an argument that its class does not take, a device that is not there, a
            package that is not installed.
    """
    cfg = config.values
    check_arguments(config.plain)
    check_device(cfg.trainer.accelerator)
    with refusing("task"):
        task = of_kind(Task, build(cfg.task))
        x = task.batch("train", cfg.seeds.data, 0, cfg.trainer.batch_size).x
    with refusing("cell and model"):
        model = build_model(cfg, task)
        for cell in model.cells:
            of_kind(Cell, cell)
        if cfg.model.backend != "auto":  # auto takes what can run the cell
            with torch.no_grad():
                model(x[:1, :1])
    if cfg.trainer.get("stream") is not None and not isinstance(model.head, LogisticHead):
        raise LonglagError(
            "trainer.stream is a rule over the errors of logistic outputs, and this model has "
            "none; give model=net_1997, or trainer.stream=null"
        )
    build_optimizer(cfg.optim)
    build_logger(cfg.logger)
    with refusing("probe"):
        of_kind(lightning.Callback | None, build(cfg.probe))


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say in one line why something cannot be built.

    Raises:
        LonglagError: whatever was raised inside.
    """
    try:
        yield
    except LonglagError:
        raise
    except Exception as error:  # any: a class says in its own way what it does not take
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise LonglagError(
            f"{what} cannot be built from these settings: {reason} ({type(error).__name__}); "
            "--debug shows where"
        ) from error


def of_kind(kind: Any, made: Any) -> Any:
    """Refuse what a `_target_` made if it is something else than its place needs.

    Raises:
        TypeError: it is.
    """
    if not isinstance(made, kind):
        name = getattr(kind, "__name__", str(kind))
        raise TypeError(f"its _target_ makes a {type(made).__name__}, not a {name}")
    return made


def check_device(accelerator: str) -> None:
    """Refuse an accelerator that this machine does not have.

    Raises:
        LonglagError: there is none.
    """
    there = {
        "gpu": torch.cuda.is_available() or torch.backends.mps.is_available(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(accelerator, True):
        raise LonglagError(
            f"trainer.accelerator={accelerator}: torch sees no such device on this machine; give "
            "trainer.accelerator=cpu"
        )


def build_optimizer(part: Any) -> Callable[..., torch.optim.Optimizer]:
    """Return what makes the optimiser of parameters, tried on one: it alone knows what it takes.

    Raises:
        LonglagError: it refuses its arguments, or is no optimiser.
    """
    make = build(part)
    with refusing("optim"):
        of_kind(torch.optim.Optimizer, make([torch.nn.Parameter(torch.zeros(1))]))
    return make


def build_logger(part: Any) -> Callable[..., Logger | None]:
    """Return what opens the logger, from a folder and a config, and opens none.

    Raises:
        LonglagError: it does not say that a Lightning logger, or none, is what it returns.
    """
    make = build(part)
    hint = annotations(getattr(make, "func", make)).get("return", object)
    for kind in get_args(hint) or (hint,):
        if not (inspect.isclass(kind) and issubclass(kind, Logger | None)):
            raise LonglagError(
                f"logger._target_ must be a function of a folder and a config whose annotation "
                f"says that it returns a Lightning Logger, not {part.get('_target_')}"
            )
    return make


def build_model(cfg: Any, task: Task) -> Model:
    """Build the model of a config, its weights drawn from seeds.init alone."""
    options = {
        k: build(v) if isinstance(v, Mapping) else v
        for k, v in cfg.model.items()
        if k != "hidden_size"
    }
    cell, spec = build(cfg.cell), task.spec
    if "head" in options:
        options["head"] = partial(options["head"], kind=spec.kind)

    def make(hidden_size: int) -> Model:
        return Model(spec.input_size, spec.output_size, cell, hidden_size, **options)

    given, match = cfg.model.hidden_size, str(cfg.match)
    with torch.random.fork_rng(devices=[]):
        try:
            H = given or hidden_size_for(
                make, cfg.budget, "state" if match == "state" else "params"
            )
            torch.manual_seed(cfg.seeds.init)
            return make(H)
        except (TypeError, ValueError) as error:
            raise LonglagError(f"model: {error}") from error


def build_trainer(cfg: Any, callbacks: list[Any], logger: Any, taken: int = 0) -> lightning.Trainer:
    """Build a Lightning trainer with nothing in its step that a step does not need.

    Args:
        cfg: the trainer's settings.
        callbacks: in the order in which they are called.
        logger: Lightning's; None: none.
        taken: training steps that an earlier part of the run took.
    """
    blocks = cfg.max_steps // cfg.validate_every - taken // cfg.validate_every
    with quiet():
        return lightning.Trainer(
            accelerator=cfg.accelerator,
            devices=1,
            max_epochs=1,
            limit_train_batches=blocks,
            val_check_interval=1,  # block
            num_sanity_val_steps=0,
            callbacks=callbacks,
            logger=logger or False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's notes, which fit no small CPU run; other warnings take one line."""
    noisy = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in noisy]
    for logger in noisy:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings(), warnings_in_one_line():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            for logger, level in zip(noisy, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise a KeyboardInterrupt at Ctrl-C again: Lightning makes a silent exit of it.

    Raises:
        KeyboardInterrupt: the training was interrupted.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit:
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from None
