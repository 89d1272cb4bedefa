"""What the executors over a cluster share: one on this machine, or a running one's address."""

import os
import time
from abc import ABC, abstractmethod
from typing import Any

from longlag.errors import LonglagError, need
from longlag.studies import lifetime
from longlag.studies.cores import available_cores

CENSUS = 5.0  # seconds between two counts of a cluster's workers, which may come and go
QUEUE = 100  # runs that wait at a cluster's scheduler, so that no worker does and it may grow


class ClusterExecutor(ABC):
    """Connects, when first asked, to a cluster that is started if it is this machine's own.

    Args:
        threads: of torch, in each worker.
        workers: how many on this machine; None: one for each core.  Not with an address.
        address: of a running cluster; None: none.

    Raises:
        LonglagError: the library is not installed, or workers are asked for at an address.
    """

    module = extra = ""  # of the library
    patience = float("inf")  # a cluster may take its time to start its workers

    def __init__(
        self, threads: int = 1, workers: int | None = None, address: str | None = None
    ) -> None:
        self.library = need(self.module)
        if address and workers:
            raise LonglagError("executor.workers is the cluster's own where an address is given")
        self.threads, self.address, self.count = threads, address, workers or available_cores()
        self.counted = float("-inf")
        self.client: Any = None

    @property
    def workers(self) -> int:
        """Count the workers on this machine, or those that the cluster has now."""
        if self.address and time.monotonic() - self.counted > CENSUS:
            self.count, self.counted = max(1, self.census()), time.monotonic()
        return self.count

    @property
    def ahead(self) -> int:
        """Say how many runs may wait at the scheduler."""
        return max(self.workers, QUEUE if self.address else 0)

    def connected(self) -> Any:
        """Return the client of the cluster, which is started if it is this machine's own.

        Raises:
            LonglagError: it does not answer, or cannot be started.
        """
        if self.client is None:
            os.environ["OMP_NUM_THREADS"] = str(self.threads)  # read when a worker imports torch
            try:
                with lifetime.deaf_to_ctrl_c():
                    if self.address is None:
                        lifetime.guard()
                    self.client = self.connect()
            except Exception as error:  # any: Ray raises plain ones
                what = f"answers at {self.address}" if self.address else "can be started here"
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                raise LonglagError(f"executor={self.extra}: no cluster {what}: {reason}") from error
        return self.client

    @abstractmethod
    def connect(self) -> Any:
        """Start a cluster on this machine, or go to the address."""

    @abstractmethod
    def census(self) -> int:
        """Count the workers of a running cluster."""
