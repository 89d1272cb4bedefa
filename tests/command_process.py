"""A command in a process of its own, which imports what this process would."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LONGLAG = ("-m", "longlag")


def environment(place: Path, **more: str) -> dict[str, str]:
    """The variables of this process, a wide terminal, and modules of `place` before all others."""
    path = os.pathsep.join([str(place), *filter(None, sys.path)])
    return {**os.environ, "COLUMNS": "200", "PYTHONPATH": path, **more}


def start(
    place: Path,
    words: Sequence[str],
    program: Sequence[str] = LONGLAG,
    variables: dict[str, str] | None = None,
    **options: Any,
) -> "subprocess.Popen[Any]":
    """Start a command in `place`, in a group of its own; what it says is kept in pipes.

    Ctrl-C ends it, which it may not have done in the shell that started the tests.
    """
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        [sys.executable, *program, *words],
        cwd=place,
        env=environment(place, **(variables or {})),
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **(kept | options),
    )
