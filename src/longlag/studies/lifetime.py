"""A worker ends when the process that started it is gone; nothing slow is imported before that.

Linux ends it at once (PR_SET_PDEATHSIG); elsewhere, and for a parent that died while the worker
was still starting, the worker looks for itself.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


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


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Keep Ctrl-C from the threads and processes that are started inside; it is this thread's."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
