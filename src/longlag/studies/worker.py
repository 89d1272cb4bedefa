"""One job of a sweep, in a worker that other jobs have used before it."""

import copy
import functools
import os
import signal
import threading
import time
import traceback
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from longlag.errors import LonglagError
from longlag.records.store import Store
from longlag.runs.config import Config

OWNER = "LONGLAG_SWEEP"  # names the process that owns the sweep; its workers leave Ctrl-C to it


def job(values: DictConfig) -> str:
    """Run what Hydra composed, unless it is recorded; a failure is recorded, not raised."""
    if os.environ.get(OWNER, str(os.getpid())) != str(os.getpid()):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with_parent()
    config = of_job(values)
    return record(config, Store(Path(values.results), config.names.get("study") or "single"))


def of_job(values: DictConfig) -> Config:
    """The config of a job that Hydra started; equal to `resolve` of its overrides."""
    hydra = HydraConfig.get()
    values = copy.deepcopy(values)
    OmegaConf.set_readonly(values, False)
    OmegaConf.set_struct(values, False)
    OmegaConf.resolve(values)
    names = {k: v for k, v in hydra.runtime.choices.items() if "/" not in k}
    return Config(values, names, tuple(hydra.overrides.task))


def record(config: Config, store: Store) -> str:
    """Run a config and keep what comes of it: `done`, `failed` or, if recorded before, `known`."""
    if store.has(config.id):
        return "known"
    try:
        with store.running(config.id):
            from longlag.runs.run import execute

            store.save(*execute(config, store.folder))
        return "done"
    except (Exception, SystemExit) as error:  # any: one broken run must not cost the others
        first = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {first[0] if first else 'no reason given'}"
        if isinstance(error, LonglagError):
            reason = str(error)
        store.fail(config.id, config.command, reason, traceback.format_exc())
        return "failed"


@functools.cache
def end_with_parent(period: float = 1.0) -> None:
    """End this worker when its sweep is gone: killed, it could not say so itself."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(period)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
