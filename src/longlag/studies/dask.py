"""An executor over Dask: workers on this machine, or those of a running cluster."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.errors import LonglagError, need
from longlag.studies import lifetime
from longlag.studies.local import available_cores

CENSUS = 5.0  # seconds between two counts of a cluster's workers, which may come and go


class DaskExecutor:
    """Runs functions on Dask workers of one thread each; Dask replaces those that die.

    Args:
        threads: of torch, in each worker.
        workers: how many on this machine; None: one for each core. Not with an address.
        address: of the scheduler of a running cluster, as in tcp://10.0.0.1:8786; None: none.

    Raises:
        LonglagError: Dask is not installed, or workers are asked for at an address.
    """

    patience = float("inf")  # a cluster may take its time to start its workers

    def __init__(
        self, threads: int = 1, workers: int | None = None, address: str | None = None
    ) -> None:
        self.library = need("distributed")
        if address and workers:
            raise LonglagError("executor.workers is the cluster's own where an address is given")
        self.address, self.count = address, workers or available_cores()
        self.counted = float("-inf")
        self.client: Any = None
        self.cluster: Any = None

    @property
    def workers(self) -> int:
        """Count the workers on this machine, or those that the cluster has now."""
        if self.address and time.monotonic() - self.counted > CENSUS:
            threads = self.connected().nthreads()
            if any(count > 1 for count in threads.values()):
                raise LonglagError("a Dask worker runs one run at a time: give it --nthreads 1")
            self.count, self.counted = max(1, len(threads)), time.monotonic()
        return self.count

    @property
    def ahead(self) -> int:
        """Count runs that wait at the scheduler, so that no worker does and a cluster may grow."""
        return max(self.workers, 100 if self.address else 0)

    def connected(self) -> Any:
        """Return the client of the cluster, which is started if it is this machine's own."""
        if self.client is None:
            where = self.address
            if where is None:
                with lifetime.deaf_to_ctrl_c():
                    where = self.cluster = self.library.LocalCluster(
                        n_workers=self.count, threads_per_worker=1, dashboard_address=None,
                        silence_logs="CRITICAL",
                    )  # fmt: skip
            try:
                self.client = self.library.Client(where)
            except (OSError, ValueError) as error:
                raise LonglagError(f"no Dask scheduler answers at {where} ({error})") from error
        return self.client

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function of a module in a worker; its future raises if workers died of it."""
        return self.connected().get_executor(pure=False).submit(function, *arguments)

    def stop(self) -> None:
        """Take back what waits; end the workers, unless the cluster is not this machine's own."""
        with contextlib.suppress(Exception):  # whatever is in the way of it
            for part in (self.client, self.cluster):
                if part is not None:
                    part.close(timeout=1)
        self.client = self.cluster = None
