"""From C to a function: compiled once, kept on disk beside its C, shared between processes."""

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
FLAGS += ["-fopenmp-simd", "-fPIC", "-shared"]
# With glibc's vector functions on x86 first; without them where they do not exist.
SIMD = ["-mprefer-vector-width=512", '-DSIMD=__attribute__((simd("notinbranch")))']
VARIANTS = (SIMD, ["-lmvec", "-lm"]), (["-DSIMD="], ["-lm"])
SECONDS = 300  # that a compiler may take
SOURCE, LIBRARY, CHECKSUM = "step.c", "step.so", "checksum"


class CannotCompile(Exception):
    """A step, or its C, that cannot be compiled; the text says why, for `... runs on loop: why`."""


class CompilerNotFound(CannotCompile):
    """There is no C compiler here, or nowhere to keep what it makes."""


def cache_folder() -> Path:
    """Return where compiled functions are kept: $LONGLAG_CACHE, or the user's cache."""
    if own := os.environ.get("LONGLAG_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "longlag" / "engine"


@cache
def compiler() -> str:
    """Return the path of the C compiler: $CC, or the first of cc, gcc and clang.

    Raises:
        CompilerNotFound: there is none.
    """
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and (path := shutil.which(name)):
            return path
    raise CompilerNotFound("there is no C compiler; install gcc or clang, or name one in $CC")


@cache
def instruction_set() -> str:
    """Return what `-march=native` depends on, for a folder that several machines share."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    flags = [line for line in lines if line.startswith(("flags", "Features", "model name"))]
    return "|".join([platform.machine(), sys.platform, *dict.fromkeys(flags)])


def extra_flags() -> list[str]:
    """Return $LONGLAG_CFLAGS: further flags of the compiler, such as -fsanitize=undefined."""
    return os.environ.get("LONGLAG_CFLAGS", "").split()


@cache
def library(text: str) -> ctypes.CDLL:
    """Return the functions of the C `text`, compiled here or found compiled.

    With $LONGLAG_SHOW_C set, the text is written to stderr.

    Raises:
        CompilerNotFound: there is no compiler, or nowhere to keep what it makes.
        CannotCompile: the compiler fails, or what it made cannot be loaded.
    """
    if os.environ.get("LONGLAG_SHOW_C", "0") != "0":
        print(text, file=sys.stderr)
    key = "\n".join([text, instruction_set(), compiler(), *FLAGS, *SIMD, *extra_flags()])
    home = cache_folder() / hashlib.sha256(key.encode()).hexdigest()[:24]
    if not is_sound(home):
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=home.parent) as work:
                put_in_place(compile_library(text, Path(work)), home)
        except OSError as error:
            why = f"{home.parent} cannot be written to: {error.strerror}"
            raise CompilerNotFound(why) from error
    try:
        return ctypes.CDLL(str(home / LIBRARY))
    except OSError as error:
        raise CannotCompile(f"what {compiler()} made cannot be loaded: {error}") from error


def is_sound(home: Path) -> bool:
    """Tell whether the library in `home` has the size and digest noted when it was made."""
    try:
        return (home / CHECKSUM).read_text() == checksum(home / LIBRARY)
    except (OSError, ValueError):
        return False


def checksum(path: Path) -> str:
    """Return the size and SHA-256 of a file, in one line."""
    content = path.read_bytes()
    return f"{len(content)} {hashlib.sha256(content).hexdigest()}\n"


def compile_library(text: str, work: Path) -> Path:
    """Compile `text` in the folder `work`, and note its checksum; return `work`/step.

    Raises:
        CannotCompile: the compiler fails; with the first line that it says.
    """
    made = work / "step"
    made.mkdir()
    (made / SOURCE).write_text(text)
    said = ""
    for before, after in VARIANTS:
        names = [str(made / SOURCE), "-o", str(made / LIBRARY)]
        command = [compiler(), *FLAGS, *before, *extra_flags(), *names, *after]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotCompile(f"{compiler()} cannot be run: {error}") from error
        if done.returncode == 0 and (made / LIBRARY).exists():
            (made / CHECKSUM).write_text(checksum(made / LIBRARY))
            for path in (*made.iterdir(), made):
                flush_to_disk(path)
            return made
        said = next(iter(done.stderr.strip().splitlines()), "no message")
    raise CannotCompile(f"{compiler()} failed: {said}")


def put_in_place(made: Path, home: Path) -> None:
    """Rename the folder `made` to `home`, unless another process did so with a sound one.

    A damaged folder is moved out of the way first; who has loaded its library keeps it.
    """
    for _ in range(3):
        try:
            os.rename(made, home)
            flush_to_disk(home.parent)
            return
        except OSError:
            if is_sound(home):
                return
            try:
                os.rename(home, made.with_name("damaged"))
            except OSError:
                continue  # another process moved it
    os.rename(made, home)


def flush_to_disk(path: Path) -> None:
    """Let a file or folder outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
