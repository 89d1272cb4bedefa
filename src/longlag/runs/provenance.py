"""Where a number comes from: code, versions, machine, memory."""

import functools
import platform
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import longlag
from longlag.tasks.base import Task


def machine() -> dict[str, Any]:
    """Versions, git and machine of this process."""
    packages = ("torch", "lightning", "numpy", "hydra-core", "torchmetrics")
    return {
        "versions": {
            "longlag": longlag.__version__,
            **{name: version(name) for name in packages},
            "python": platform.python_version(),
        },
        "git": git(),
        "machine": {
            "device": "cpu",
            "threads": torch.get_num_threads(),
            "isa": torch.backends.cpu.get_cpu_capability(),
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def provenance(device: str, task: Task) -> dict[str, Any]:
    """The same for a run on `device` of a version of `task`."""
    found = machine()
    found["machine"]["device"] = device
    found["versions"]["task"] = task.version
    return found


@functools.cache
def git() -> dict[str, Any]:
    """The commit of the source and whether it was changed since; both None outside a checkout."""

    def ask(*command: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *command],
                cwd=Path(longlag.__file__).parent,
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    changed = ask("status", "--porcelain", "--", ":/src", ":/conf", ":/constraints.txt")
    return {
        "commit": ask("rev-parse", "HEAD"),
        "dirty": None if changed is None else bool(changed),
    }


def reset_peak_memory() -> None:
    """Begin to count the peak anew, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float:
    """The largest resident size of this process since the count began, in MiB."""
    try:
        status = Path("/proc/self/status").read_text()
        kilobytes = next(int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row)
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return round(kilobytes / 1024, 1)
