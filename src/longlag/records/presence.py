"""Which process wrote a file of a folder that several hosts share, and whether it still lives."""

import functools
import hashlib
import os
import platform
from pathlib import Path


@functools.cache
def here() -> str:
    """Name this host without telling its name."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def signature() -> str:
    """Name this process among those of all hosts, as host.number."""
    return f"{here()}.{os.getpid()}"


def is_gone(signed: str) -> bool:
    """Tell whether a process is known to have ended: only one of this host can be."""
    host, _, number = signed.partition(".")
    return host == here() and number.isdecimal() and not alive(int(number))


def alive(pid: int) -> bool:
    """Tell whether a process of this number runs; one that waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # no such file system here
        return True
    return status.rpartition(")")[2].split()[0] != "Z"
