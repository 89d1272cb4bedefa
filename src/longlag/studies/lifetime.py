"""What is started for a study ends with the process that started it, and leaves Ctrl-C to it.

A worker of this machine's own pool binds itself: Linux ends it at once (PR_SET_PDEATHSIG);
elsewhere, and for a parent that died while the worker was still starting, the worker looks for
itself.  What a library starts bears a mark in its environment, by which a guardian finds it, a
small process that waits until this one is gone.  Nothing slow is imported here.
"""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
MARK = "LONGLAG_FAMILY"  # the variable that holds it


def begin(parent: int, period: float = 0.5) -> None:
    """Bind this process to the life of its parent.

    Args:
        parent: the process id.
        period: seconds between two looks.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(period)
        os._exit(1)

    if os.getppid() != parent:  # it died before the call above
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()


@functools.cache
def guard() -> "subprocess.Popen[bytes] | None":
    """Have what this process starts from now on end when it is gone; Linux alone, once a process.

    The libraries' own processes look for that themselves, but some take a minute.
    """
    if sys.platform != "linux":
        return None
    mark = os.environ[MARK] = uuid.uuid4().hex
    command = [sys.executable, "-I", "-S", __file__, mark]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def end_family(mark: str) -> None:
    """Wait until nobody holds the other end of the input, then end all that bear a mark."""
    sys.stdin.read()
    for _ in range(3):  # some may just start others
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # it ended, or is another user's
                pid = int(path.parent.name)
                if f"{MARK}={mark}".encode() in path.read_bytes() and pid != os.getpid():
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Keep Ctrl-C from the threads and processes that are started inside; it is this thread's."""
    resource_tracker.ensure_running()  # now: it would lift the mask when a process is spawned
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


if __name__ == "__main__":
    end_family(sys.argv[1])
