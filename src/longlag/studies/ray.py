"""An executor over Ray: workers on this machine, or those of a running cluster."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.errors import LonglagError, need
from longlag.studies import lifetime
from longlag.studies.local import available_cores

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayExecutor:
    """Runs functions as Ray tasks, each on as many cores as a run has threads.

    Args:
        threads: of torch, in each worker.
        workers: how many on this machine; None: one for each core.  Not with an address.
        address: of a running cluster, as in auto or 10.0.0.1:6379; None: none.

    Raises:
        LonglagError: Ray is not installed, or workers are asked for at an address.
    """

    patience = float("inf")  # a cluster may take its time to start its workers

    def __init__(
        self, threads: int = 1, workers: int | None = None, address: str | None = None
    ) -> None:
        os.environ.update({key: os.environ.get(key, value) for key, value in QUIET.items()})
        self.library = need("ray")
        if address and workers:
            raise LonglagError("executor.workers is the cluster's own where an address is given")
        self.threads, self.count, self.address = threads, workers or available_cores(), address
        self.running: set[Any] = set()  # references to what was handed over

    @property
    def workers(self) -> int:
        """Count the workers on this machine, or those that the cluster has now."""
        if self.address:
            return max(1, int(self.connected().cluster_resources().get("CPU", 0)) // self.threads)
        return self.count

    @property
    def ahead(self) -> int:
        """Count the runs that wait at the scheduler, so that no worker does."""
        return self.workers

    def connected(self) -> Any:
        """Return Ray itself, once it is connected or started."""
        if not self.library.is_initialized():
            size = {} if self.address else {"num_cpus": self.count * self.threads}
            quiet = {"include_dashboard": False} if not self.address else {}
            try:
                with lifetime.deaf_to_ctrl_c():
                    self.library.init(
                        self.address or "local", logging_level="ERROR", log_to_driver=False,
                        **size, **quiet,
                    )  # fmt: skip
            except (OSError, ValueError) as error:
                raise LonglagError(f"no Ray cluster at {self.address} ({error})") from error
        return self.library

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function of a module in a worker; its future raises if the worker died."""
        task = self.connected().remote(num_cpus=self.threads, max_retries=0)(function)
        reference = task.remote(*arguments)
        self.running.add(reference)
        future = reference.future()
        future.add_done_callback(lambda _: self.running.discard(reference))
        return future

    def stop(self) -> None:
        """End what runs, and the workers if they are this machine's own."""
        if self.library.is_initialized():
            for reference in list(self.running):
                self.library.cancel(reference, force=True)
            self.running.clear()
            self.library.shutdown()
