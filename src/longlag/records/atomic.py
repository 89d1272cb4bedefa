"""Files that appear whole or not at all, and that outlast a loss of power."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np


def write_atomically(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file beside its place, flush it to the disk, then rename it into its place.

    Args:
        path: where it appears; what was there before is replaced.
        write: writes the content to a binary file.

    Raises:
        OSError: it cannot be written; what was there before is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        flush(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file's content as a whole or not at all."""
    write_atomically(path, lambda file: file.write(content))


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any) -> None:
    """Write plain containers as JSON, as a whole or not at all."""
    write_text(path, as_json(content))


def as_json(content: Any) -> str:
    """Return the text that `write_json` writes."""
    return json.dumps(content, indent=1, default=float) + "\n"


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name as a compressed npz, as a whole or not at all."""
    write_atomically(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, before anything else is done."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # a folder cannot be opened everywhere
        return
    try:
        os.fsync(handle)
    except OSError:  # nor be flushed
        if not path.is_dir():
            raise
    finally:
        os.close(handle)
