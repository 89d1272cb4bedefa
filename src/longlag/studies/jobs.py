"""Futures of jobs that tell only whoever asks whether they are done."""

import contextlib
import shutil
import threading
from concurrent.futures import Future
from typing import Any


class Jobs:
    """Looks now and then which jobs of submitit ended.

    Args:
        period: seconds between two looks.
    """

    def __init__(self, period: float) -> None:
        self.period = period
        self.waiting: dict[Future[Any], Any] = {}
        self.stopped: threading.Event | None = None  # of the thread that looks

    def follow(self, job: Any) -> Future[Any]:
        """Return the future of a job, which raises if the job died."""
        future: Future[Any] = Future()
        self.waiting[future] = job
        if self.stopped is None:
            self.stopped = threading.Event()
            threading.Thread(target=self.watch, args=(self.stopped,), daemon=True).start()
        return future

    def watch(self, stopped: threading.Event) -> None:
        """Hand on what came of each job that ended; its messages go if it ended well."""
        while not stopped.wait(self.period):
            for future, job in list(self.waiting.items()):
                if job.done():
                    del self.waiting[future]
                    try:
                        future.set_result(job.result())
                        shutil.rmtree(job.paths.folder, ignore_errors=True)
                    except Exception as error:  # any: the runner says what to do
                        future.set_exception(error)

    def cancel(self) -> None:
        """Cancel every job, and look no more."""
        if self.stopped:
            self.stopped.set()
        self.stopped = None
        for job in self.waiting.values():
            with contextlib.suppress(Exception):  # it may have ended meanwhile
                job.cancel()
        self.waiting.clear()
