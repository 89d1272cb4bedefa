"""Data that took long to fetch, to read or to fit, kept between processes with a checksum."""

import hashlib
import http.client
import logging
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from longlag.errors import MissingData

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def folder() -> Path:
    """Return $LONGLAG_DATA, or longlag in the user's cache folder."""
    if own := os.environ.get("LONGLAG_DATA"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "longlag"


def cached(name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays of `make`, from the cache if they are there and whole.

    Args:
        name: of the file, with whatever its content depends on.
        make: reads or fits them.
    """
    path = folder() / f"{name}.npz"
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
        if str(arrays.pop("checksum")) == checksum(arrays):
            return arrays
        log.warning("%s does not match its checksum: it is made again", path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        log.warning("%s cannot be read: it is made again", path)
    arrays = make()
    keep(path, arrays)
    return arrays


def own(task: Any) -> bool:
    """Tell whether a task is longlag's own, so that its name and version say what it reads."""
    return type(task).__module__.partition(".")[0] == "longlag"


def keep(path: Path, arrays: Arrays) -> None:
    """Write a file as a whole or not at all; without a writable folder, not at all."""
    partial = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(partial, allow_pickle=False, checksum=checksum(arrays), **arrays)
        os.replace(partial, path)
    except OSError as error:
        log.warning("cannot keep %s (%s): it is made again next time", path, error.strerror)


def checksum(arrays: Arrays) -> str:
    """Compute the SHA-256 of names, shapes, types and content."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.shape}{array.dtype}".encode() + array.tobytes())
    return digest.hexdigest()


Fetched = TypeVar("Fetched")
TIMEOUT = 30.0  # seconds without a byte


def download(what: str, fetch: Callable[[], Fetched]) -> Fetched:
    """Return what `fetch` returns, which may use a network.

    Args:
        what: is fetched, as the subject of a sentence.
        fetch: the loader.

    Raises:
        MissingData: there is no network, or LONGLAG_OFFLINE is set.
    """
    remedy = f"run this once with a network, after that it is kept in {folder()}"
    if os.environ.get("LONGLAG_OFFLINE"):
        raise MissingData(
            f"{what} is not on this machine, and LONGLAG_OFFLINE is set: unset it and {remedy}"
        )
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        return fetch()
    except (OSError, ValueError, http.client.HTTPException) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MissingData(
            f"{what} is not on this machine and could not be fetched ({said}): {remedy}"
        ) from None
    finally:
        socket.setdefaulttimeout(before)
