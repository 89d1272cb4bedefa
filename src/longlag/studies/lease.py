"""Which runs a process is at: a file for each, whose age tells whether that one still lives.

Several hosts may carry one study into one folder.  Whoever starts a run makes its file, which only
one can, and renews it until the run is over.  A file that was not renewed for a while, or whose
process is known to have ended, counts for nothing.  No lock is held.  Where the files fail (a clock
that jumps, a file system that is late) a run is done twice, which costs time and nothing else: a
record is renamed into its place as a whole, and both are the same.
"""

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from longlag.records.presence import is_gone, signature

RENEWED = 20.0  # seconds between two renewals
FORGOTTEN = 120.0  # seconds without one after which a lease counts for nothing


@contextlib.contextmanager
def lease(folder: Path, run_id: str) -> Iterator[bool]:
    """Hold a run while something is done; give False if another process is at it.

    Args:
        folder: of the leases of a study.
        run_id: of the run.
    """
    path = folder / f"{run_id}.lease"
    if not make(path):
        yield False
        return
    over = threading.Event()
    threading.Thread(target=renew, args=(path, over), daemon=True).start()
    try:
        yield True
    finally:
        over.set()
        with contextlib.suppress(OSError):  # the folder may be gone
            path.unlink()


def make(path: Path) -> bool:
    """Make the file of a lease, unless there is one that counts."""
    try:
        if path.exists() and is_void(path):
            aside = path.with_suffix(f".{uuid.uuid4().hex}")
            os.rename(path, aside)  # which one of several can
            aside.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(signature())
    except OSError:  # a folder that cannot be written is told of where the record is written
        return not path.exists()
    return True


def is_void(path: Path) -> bool:
    """Tell whether a lease is of a process that ended, or was not renewed for too long.

    Its age is taken by the clock of the file system, which is the same for all hosts.  A time that
    lies ahead is of a clock that was set back, and the lease as old as that.
    """
    if is_gone(path.read_text()):
        return True
    probe = path.with_suffix(f".{uuid.uuid4().hex}")
    try:
        probe.touch()
        return abs(probe.stat().st_mtime - path.stat().st_mtime) > FORGOTTEN
    finally:
        probe.unlink(missing_ok=True)


def renew(path: Path, over: threading.Event) -> None:
    """Set the time of a lease again and again."""
    while not over.wait(RENEWED):
        with contextlib.suppress(OSError):
            os.utime(path)
