"""An executor of worker processes on this machine, of which each may be killed at any time."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pebble import ProcessPool

from longlag.errors import LonglagError
from longlag.studies import lifetime
from longlag.studies.cores import available_cores


class LocalExecutor:
    """Runs functions in worker processes that serve many of them.

    A worker that is killed makes its own future raise, and is replaced.  No worker hears Ctrl-C or
    outlives this process.

    Args:
        threads: of torch, in each worker.
        workers: how many; None: one for each core that this process may use.

    Raises:
        LonglagError: fewer than one worker.
    """

    patience = 120.0  # after which workers that take no run are replaced

    def __init__(self, threads: int = 1, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise LonglagError(f"executor.workers must be at least 1 or null, not {workers}")
        self.ahead = self.workers = workers or available_cores()
        self.threads = threads
        self.pool: ProcessPool | None = None
        self.strangers: list[Any] = []  # processes of this one that are not the pool's

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function of a module in a worker; its future raises if the worker died."""
        if self.pool is not None:
            return self.pool.schedule(function, arguments)
        os.environ["OMP_NUM_THREADS"] = str(self.threads)  # read when a worker imports torch
        self.strangers = multiprocessing.active_children()
        context, begin = multiprocessing.get_context("spawn"), (lifetime.begin, (os.getpid(),))
        self.pool = ProcessPool(self.workers, 0, *begin, context)  # 0: no end to what one runs
        with lifetime.deaf_to_ctrl_c():
            return self.pool.schedule(function, arguments)

    def stop(self) -> None:
        """End every worker at once, whatever it does; a later `submit` starts new ones."""
        if self.pool is None:
            return
        self.pool.stop()
        for process in multiprocessing.active_children():
            if process not in self.strangers:
                process.kill()
        self.pool.join()
        self.pool = None
