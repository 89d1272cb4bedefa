"""Where a number comes from: code, versions, machine, memory."""

import functools
import os
import platform
import re
import resource
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

import longlag
from longlag.engine import c_compiler
from longlag.records.record import Git, Machine, known
from longlag.tasks.base import Task

PACKAGES = ("torch", "lightning", "numpy", "hydra-core", "torchmetrics")


def versions(task: Task, cell: nn.Module) -> dict[str, int | str]:
    """Return the versions of the packages, of Python, and of the task and the cell."""
    return {**machine()["versions"], "task": task.version, "cell": getattr(cell, "version", 1)}


def machine() -> dict[str, Any]:
    """Say what code on what machine computes in this process, as a benchmark's file holds it."""
    packages = {"longlag": longlag.__version__, **{name: version(name) for name in PACKAGES}}
    return {
        "versions": {**packages, "python": platform.python_version()},
        "git": asdict(git()),
        "machine": known(hardware("cpu")),
    }


def hardware(device: str) -> Machine:
    """Say what computes in this process, with torch's threads as they are now."""
    return Machine(
        device=device,
        threads=torch.get_num_threads(),
        isa=torch.backends.cpu.get_cpu_capability(),
        system=f"{platform.system()} {platform.machine()}",
        cpu=cpu(),
        cores=os.cpu_count(),
        compiler=compiler(),
        blas=blas(),
    )


@functools.cache
def cpu() -> str | None:
    """Return the processor's model; None where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or None
    found = re.search(r"^(?:model name|Processor)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or None


@functools.cache
def compiler() -> str | None:
    """Return the C compiler that makes steps, by the first line of its --version; None: none."""
    try:
        command = [c_compiler.compiler(), "--version"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except Exception:  # any: no compiler, or one that does not say what it is
        return None
    return next(iter(said.stdout.strip().splitlines()), None)


@functools.cache
def blas() -> str | None:
    """Return the library of torch's matrix products, with its version where torch says it."""
    text = torch.__config__.show()
    found = re.search(r"(?:oneAPI Math Kernel Library|OpenBLAS|Eigen)[^\n-]*", text)
    if found:
        return found.group(0).strip()
    found = re.search(r"BLAS_INFO=(\w+)", text)
    return found.group(1) if found else None


@functools.cache
def git() -> Git:
    """Return the commit of the source and whether it was changed since."""

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
    return Git(ask("rev-parse", "HEAD"), None if changed is None else bool(changed))


def reset_peak_memory() -> None:
    """Begin to count the peak anew, where the system can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Return the largest resident size of this process since the count began, in MiB."""
    try:
        status = Path("/proc/self/status").read_text()
        kilobytes = next(int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row)
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return round(kilobytes / 1024, 1)
