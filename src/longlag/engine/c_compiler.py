"""From C to a function: compiled once, kept on disk, shared between processes."""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

FLAGS = ["-std=gnu11", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"]
FLAGS += ["-fPIC", "-shared"]
# With glibc's vector functions on x86 first; without them where they do not exist.
SIMD = ["-mprefer-vector-width=512", '-DSIMD=__attribute__((simd("notinbranch")))']
VARIANTS = (SIMD, ["-lmvec", "-lm"]), (["-DSIMD="], ["-lm"])


class CompilerNotFound(Exception):
    """Why nothing can be compiled here."""


def folder() -> Path:
    """Where compiled functions are kept: $LONGLAG_CACHE, or the user's cache."""
    if own := os.environ.get("LONGLAG_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "longlag" / "engine"


def short(text: str) -> str:
    """A name for a file that only `text` has."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def compiler() -> str:
    """The C compiler: $CC, or the first of cc, gcc and clang.

    Raises:
        CompilerNotFound: there is none.
    """
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and (path := shutil.which(name)):
            return path
    raise CompilerNotFound("there is no C compiler (cc, gcc, clang or $CC)")


@cache
def isa() -> str:
    """What `-march=native` depends on: a folder shared between machines holds one file for each."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    flags = [line for line in lines if line.startswith(("flags", "Features", "model name"))]
    return "|".join([platform.machine(), sys.platform, *dict.fromkeys(flags)])


@cache
def library(text: str) -> ctypes.CDLL:
    """The functions of the C `text`.

    Raises:
        CompilerNotFound: there is no compiler, or it fails.
    """
    key = "\n".join([text, isa(), compiler(), *FLAGS, *SIMD])
    path = folder() / f"{short(key)}.so"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make(text, path)
        except OSError as error:
            raise CompilerNotFound(
                f"{path.parent} cannot be written to: {error.strerror}"
            ) from error
    return ctypes.CDLL(str(path))


def make(text: str, path: Path) -> None:
    """Compile `text` to `path`, which appears whole or not at all, whoever else is making it."""
    said = ""
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        source, made = Path(work, "step.c"), Path(work, "step.so")
        source.write_text(text)
        for before, after in VARIANTS:
            command = [compiler(), *FLAGS, *before, str(source), "-o", str(made), *after]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                os.replace(made, path)
                return
            said = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "no message"
    raise CompilerNotFound(f"{compiler()} failed: {said}")
