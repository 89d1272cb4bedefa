"""Points over an executor: each run starts when what it needs is known, and none is run twice."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from longlag.errors import LonglagError
from longlag.records.store import Store
from longlag.runs.config import Config
from longlag.studies.worker import record_run

PAUSE = 5.0  # seconds after which a run of another process is looked at again
STRIKES = 3  # workers that a run may take down before it counts as failed


class Executor(Protocol):
    """What runs functions elsewhere; `concurrent.futures` and its relatives fit."""

    @property
    def workers(self) -> int:
        """Count the runs that it carries at once, by now."""
        ...

    @property
    def ahead(self) -> int:
        """Count the runs that it may be given beyond those, so that no worker has to wait."""
        ...

    @property
    def patience(self) -> float:
        """Return the seconds without any run under way after which the workers are replaced."""
        ...

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function; the future raises if what carried it died."""
        ...

    def stop(self) -> None:
        """End whatever runs, at once; a later `submit` works again."""
        ...


class Runner:
    """Runs configs that are not recorded yet.

    Args:
        store: where the records go.
        executor: carries the runs.
        then: called with the id of a run that ended; gives the configs that are due now.
        pick: chooses which of the due runs starts when a worker is free; None: no more of them.
            Without it they are handed over in their order, some ahead.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        then: Callable[[str], Iterable[Config]] = lambda run_id: (),
        pick: Callable[[Sequence[str]], str | None] | None = None,
    ) -> None:
        self.store, self.executor, self.then, self.pick = store, executor, then, pick
        self.configs: dict[str, Config] = {}  # every run that was ever due, by id
        self.due: deque[str] = deque()
        self.pending: dict[Future[Any], str] = {}
        self.over: SimpleQueue[Future[Any]] = SimpleQueue()  # of these, those that are done
        self.ended: set[str] = set()  # recorded or failed
        self.found: set[str] = set()  # of these, recorded before they were due
        self.failed: set[str] = set()
        self.elsewhere: dict[str, float] = {}  # runs that other processes are at, until when
        self.strikes: Counter[str] = Counter()
        self.breakdowns = 0  # of the executor, since a run ended
        self.waited = 0.0

    def run(self, configs: Iterable[Config]) -> None:
        """Run everything, and what becomes due; on return or error no worker is left.

        Raises:
            LonglagError: the workers cannot be started.
            KeyboardInterrupt: Ctrl-C; what ended is recorded.
        """
        self.add(configs)
        try:
            while self.due or self.pending or self.elsewhere:
                self.take_back()
                self.start_due()
                if self.pending or self.elsewhere:
                    self.wait_for_some()
        finally:
            self.executor.stop()

    def count(self) -> tuple[int, int]:
        """Count how many runs have ended, and how many of these failed."""
        return len(self.ended), len(self.failed)

    def add(self, configs: Iterable[Config]) -> None:
        """Note configs as due, each once."""
        for config in configs:
            run_id = config.id
            if run_id not in self.configs:
                self.configs[run_id] = config
                self.store.forget(run_id)  # a failure is tried again at every call
                self.due.append(run_id)

    def start_due(self) -> None:
        """Hand over what is due; what is recorded has ended already."""
        while (run_id := self.next_due()) is not None:
            if self.store.has(run_id):
                self.found.add(run_id)
                self.end(run_id)
                continue
            where = Path(self.store.root), self.store.folder.name
            try:
                future = self.executor.submit(record_run, self.configs[run_id], *where, run_id)
            except BrokenExecutor as error:
                self.due.appendleft(run_id)
                self.replace_workers(error)
                return
            self.pending[future] = run_id
            future.add_done_callback(self.over.put)

    def next_due(self) -> str | None:
        """Take the run that starts next; None if there is none, or no worker for a choice."""
        if not self.due:
            return None
        workers, ahead = self.executor.workers, 0 if self.pick else self.executor.ahead
        if len(self.pending) >= workers + ahead:
            return None
        if self.pick is None:
            return self.due.popleft()
        chosen = self.pick(self.due)
        if chosen is None:
            self.due.clear()  # what is left is for another call
        else:
            self.due.remove(chosen)
        return chosen

    def wait_for_some(self, seconds: float = 1.0) -> None:
        """Wait until a run is over, and see how that and others ended."""
        try:
            done = [self.over.get(timeout=seconds)]
        except Empty:
            idle = bool(self.pending) and not any(future.running() for future in self.pending)
            self.waited = self.waited + seconds if idle else 0.0
            if self.waited > self.executor.patience:
                self.replace_workers(TimeoutError("no worker takes a run"))
            return
        self.waited = 0.0
        while not self.over.empty():
            done.append(self.over.get())
        for future in done:
            if future in self.pending:  # not one of workers that were replaced
                self.see(future)

    def see(self, future: Future[Any]) -> None:
        """Tell how a run ended that is over."""
        gone = future.cancelled()  # with what carried it
        error = BrokenExecutor("its runs were cancelled") if gone else future.exception()
        if isinstance(error, BrokenExecutor):
            self.replace_workers(error)
            return
        if isinstance(error, LonglagError):  # nothing can be written any more
            raise error
        run_id = self.pending.pop(future)
        if error is not None:
            self.strike(run_id, error)
        elif future.result() == "elsewhere":
            self.elsewhere[run_id] = time.monotonic() + PAUSE
        else:
            self.end(run_id, failed=future.result() == "failed")

    def take_back(self) -> None:
        """Have the runs of other processes looked at again whose time has come."""
        now = time.monotonic()
        for run_id in [name for name, when in self.elsewhere.items() if when <= now]:
            del self.elsewhere[run_id]
            self.due.append(run_id)

    def end(self, run_id: str, failed: bool = False) -> None:
        """Note that a run is over, and add what has waited for it."""
        self.breakdowns = 0
        self.ended.add(run_id)
        if failed:
            self.failed.add(run_id)
        self.add(self.then(run_id))

    def strike(self, run_id: str, error: BaseException) -> None:
        """Start a run again whose worker died, or give it up."""
        self.strikes[run_id] += 1
        if self.strikes[run_id] < STRIKES:
            self.due.append(run_id)
            return
        first, _, rest = (str(error) or type(error).__name__).partition("\n")
        reason = f"{STRIKES} times, its worker died ({first})"
        self.store.fail(run_id, self.configs[run_id].command, reason, rest)
        self.end(run_id, failed=True)

    def replace_workers(self, error: BaseException) -> None:
        """Start everything again that was under way, on new workers.

        Raises:
            LonglagError: that was done several times and nothing came of it.
        """
        self.executor.stop()
        self.breakdowns += 1
        if self.breakdowns >= STRIKES:
            raise LonglagError(f"the workers of the study cannot be started: {error}")
        self.due.extendleft(reversed(self.pending.values()))
        self.pending.clear()
        self.waited = 0.0
