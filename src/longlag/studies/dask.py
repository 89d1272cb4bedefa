"""An executor over Dask: workers on this machine, or those of a running cluster."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.errors import LonglagError
from longlag.studies.cluster import ClusterExecutor


class DaskExecutor(ClusterExecutor):
    """Runs functions on Dask workers of one thread each; Dask replaces those that die.

    The address is that of a scheduler, as in tcp://10.0.0.1:8786.
    """

    module, extra = "distributed", "dask"
    cluster: Any = None  # of this machine

    def connect(self) -> Any:
        """Go to the scheduler at the address, or to one of our own."""
        if self.address is None:
            self.cluster = self.library.LocalCluster(
                n_workers=self.count,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs="CRITICAL",
            )
        return self.library.Client(self.address or self.cluster)

    def census(self) -> int:
        """Count the workers, which must have one thread each."""
        threads = self.connected().nthreads()
        if any(count > 1 for count in threads.values()):
            raise LonglagError("a Dask worker runs one run at a time: give it --nthreads 1")
        return len(threads)

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
