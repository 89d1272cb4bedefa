"""How far a sweep is: one line, renewed on a terminal and repeated now and then elsewhere."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console

PERIOD = {True: 0.5, False: 20.0}  # seconds between two looks, on a terminal and elsewhere


class Progress:
    """Shows `count()` of `total` while a sweep runs in the same process.

    Args:
        total: runs of the study, or a function that tells how many are known by now.
        before: of these, recorded when it began.
        count: looks how many are recorded or failed now.
        left: estimates the seconds to go; None: at the pace of those that ended.
        what: is counted.
    """

    def __init__(
        self,
        total: int | Callable[[], int],
        before: int,
        count: Callable[[], tuple[int, int]],
        left: Callable[[], float] | None = None,
        what: str = "runs",
    ) -> None:
        self.total = total if callable(total) else lambda: total
        self.before, self.count, self.left = before, count, left
        self.what = what
        self.console = Console(stderr=True)
        self.start = time.perf_counter()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._print(end="\n")

    def line(self) -> str:
        """Return what the line says now."""
        (done, failed), total = self.count(), self.total()
        spent = time.perf_counter() - self.start
        fresh = max(0, done - self.before)  # what was there is counted first
        pace = spent / fresh * (total - done) if fresh else 0.0
        left = self.left() if self.left else pace
        parts = [f"{done}/{total} {self.what}", f"{clock(spent)} gone"]
        if failed:
            parts.append(f"{failed} failed")
        if done < total and left > 0:
            parts.append(f"about {clock(max(left, 1))} left")
        return ", ".join(parts)

    def _show(self) -> None:
        while not self._ended.wait(PERIOD[self.console.is_terminal]):
            self._print(end="" if self.console.is_terminal else "\n")

    def _print(self, end: str) -> None:
        clear = "\r\x1b[2K" if self.console.is_terminal else ""
        self.console.file.write(f"{clear}{self.line()}{end}")
        self.console.file.flush()


def clock(seconds: float) -> str:
    """Say seconds as a person does: 48 s, 12 min 30 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
