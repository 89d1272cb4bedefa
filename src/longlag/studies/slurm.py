"""An executor over SLURM: each run is a job, through submitit."""

import contextlib
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.errors import LonglagError, need

PERIOD = {"slurm": 2.0, "local": 0.1, "debug": 0.1}  # seconds between two looks at the jobs


class SlurmExecutor:
    """Submits functions as jobs and looks now and then which of them ended.

    Args:
        threads: of torch, in each job: its cores.
        workers: jobs that are submitted at once.
        folder: where the jobs leave their messages, a folder each until they end well.
        cluster: slurm; or local: processes on this machine, to try it out.
        minutes: after which SLURM ends a job.
        parameters: further ones of submitit, as in {slurm_partition: long, mem_gb: 4}.

    Raises:
        LonglagError: submitit is not installed, there is no SLURM, or no such parameter.
    """

    ahead = 0  # jobs wait in SLURM's own queue
    patience = float("inf")  # as long as they must

    def __init__(
        self, threads: int = 1, workers: int = 16, folder: str = ".slurm", cluster: str = "slurm",
        minutes: int = 60, parameters: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        library = need("submitit")
        if cluster not in PERIOD:
            raise LonglagError(f"executor.cluster must be one of {[*PERIOD]}, not {cluster!r}")
        self.workers, self.period = workers, PERIOD[cluster]
        try:
            self.library = library.AutoExecutor(f"{folder}/%j", cluster)
            more = {**(parameters or {}), "timeout_min": minutes, "cpus_per_task": threads}
            self.library.update_parameters(name="longlag", **more)
        except (RuntimeError, NameError, ValueError, TypeError) as error:
            raise LonglagError(f"executor=slurm: {str(error).splitlines()[0]}") from error
        self.jobs: dict[Future[Any], Any] = {}
        self.stopped: threading.Event | None = None  # of the thread that watches the jobs

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Submit a function of a module; its future raises if the job died."""
        future: Future[Any] = Future()
        if self.stopped is None:
            self.stopped = threading.Event()
            threading.Thread(target=self.watch, args=(self.stopped,), daemon=True).start()
        self.jobs[future] = self.library.submit(function, *arguments)
        return future

    def watch(self, stopped: threading.Event) -> None:
        """Hand on what came of each job that ended, until the executor is stopped."""
        while not stopped.wait(self.period):
            for future, job in list(self.jobs.items()):
                if job.done():
                    del self.jobs[future]
                    try:
                        future.set_result(job.result())
                        shutil.rmtree(job.paths.folder, ignore_errors=True)
                    except Exception as error:  # any: the runner says what to do
                        future.set_exception(error)

    def stop(self) -> None:
        """Cancel every job."""
        if self.stopped:
            self.stopped.set()
        self.stopped = None
        for job in self.jobs.values():
            with contextlib.suppress(Exception):  # it may have ended meanwhile
                job.cancel()
        self.jobs.clear()
