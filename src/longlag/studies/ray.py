"""An executor over Ray: workers on this machine, or those of a running cluster."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.studies.cluster import ClusterExecutor

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayExecutor(ClusterExecutor):
    """Runs functions as Ray tasks, each on as many cores as a run has threads.

    The address is that of a running cluster, as in auto or 10.0.0.1:6379.
    """

    module = extra = "ray"

    def __init__(
        self, threads: int = 1, workers: int | None = None, address: str | None = None
    ) -> None:
        os.environ.update(QUIET | os.environ)  # before it is imported
        super().__init__(threads, workers, address)
        self.running: set[Any] = set()  # references to what was handed over

    def connect(self) -> Any:
        """Go to the cluster at the address, or start one with a CPU for each thread."""
        own = {"num_cpus": self.count * self.threads, "include_dashboard": False}
        self.library.init(
            self.address or "local",
            logging_level="ERROR",
            log_to_driver=False,
            **({} if self.address else own),
        )
        return self.library

    def census(self) -> int:
        """Count the runs that its CPUs carry at once."""
        return int(self.connected().cluster_resources().get("CPU", 0)) // self.threads

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
        if self.client is not None:
            for reference in list(self.running):
                self.library.cancel(reference, force=True)
            self.running.clear()
            self.library.shutdown()
        self.client = None
