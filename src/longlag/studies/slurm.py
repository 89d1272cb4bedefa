"""An executor over SLURM: each run is a job, through submitit."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from longlag.errors import LonglagError, need
from longlag.studies.jobs import Jobs

PERIOD = {"slurm": 2.0, "local": 0.1, "debug": 0.1}  # seconds between two looks at the jobs


class SlurmExecutor:
    """Submits functions as jobs.

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
        self.workers, self.jobs = workers, Jobs(PERIOD[cluster])
        try:
            self.library = library.AutoExecutor(f"{folder}/%j", cluster)
            more = {**(parameters or {}), "timeout_min": minutes, "cpus_per_task": threads}
            self.library.update_parameters(name="longlag", **more)
        except (RuntimeError, NameError, ValueError, TypeError) as error:
            raise LonglagError(f"executor=slurm: {str(error).splitlines()[0]}") from error

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Submit a function of a module; its future raises if the job died."""
        return self.jobs.follow(self.library.submit(function, *arguments))

    def stop(self) -> None:
        """Cancel every job."""
        self.jobs.cancel()
