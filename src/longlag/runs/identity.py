"""What code and files a config names, so that an old number never stands for new ones.

A run's id holds, beside its values, the `version` of every class of longlag's that the config
builds (and of that class' bases), a digest of the source of every class from elsewhere, and one of
every file that an argument names.  Torch's own classes are left out: the record says which torch
ran.
"""

import ast
import functools
import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError

OWN, TORCH = "longlag", "torch"


def code_of(values: Any) -> dict[str, str]:
    """Collect versions and source digests of everything that a config builds, by dotted name.

    Args:
        values: plain containers, with `_target_` wherever something is built.

    Raises:
        LonglagError: a target that cannot be imported.
    """
    found: dict[str, str] = {}
    for target in dict.fromkeys(targets(values)):
        built = import_target(target)
        for part in inspect.getmro(built) if inspect.isclass(built) else (built,):
            root = part.__module__.partition(".")[0]
            if root == OWN and "version" in vars(part):
                found[f"{part.__module__}.{part.__qualname__}"] = str(part.version)
            elif root not in (OWN, TORCH) and root not in sys.stdlib_module_names:
                found[part.__module__] = source_digest(part.__module__)
    return found


def files_of(values: Any) -> dict[str, str]:
    """Digest every file that an argument of a config names, by its path as it is given."""
    given = {value for key, value in walk(values) if isinstance(value, str) and key[:1] != "_"}
    paths = ((value, Path(os.path.expanduser(value))) for value in sorted(given))
    return {
        value: file_digest(path.resolve(), path.stat().st_mtime_ns)
        for value, path in paths
        if os.path.isfile(path)
    }


@functools.lru_cache(256)
def file_digest(path: Path, changed: int) -> str:
    """Digest a file; `changed` makes the cache notice an edit."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def targets(values: Any) -> Iterator[str]:
    """Yield every `_target_` of a config, at any depth."""
    return (name for key, name in walk(values) if key == "_target_" and isinstance(name, str))


def walk(values: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key and what it holds, at any depth; what is in a list has the list's key."""
    yield key, values
    if isinstance(values, Mapping):
        for name, child in values.items():
            yield from walk(child, str(name))
    elif isinstance(values, Sequence) and not isinstance(values, str):
        for child in values:
            yield from walk(child, key)


def import_target(target: str) -> Any:
    """Import the class or function of a dotted name.

    Raises:
        LonglagError: there is none, or its module cannot be imported.
    """
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except LonglagError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        reason = f"there is no module {error.name}"
    except (AttributeError, ValueError) as error:
        reason = str(error)
    except Exception as error:  # any: a module of the user's own that does not run
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    raise LonglagError(
        f"_target_: {target} cannot be imported: {reason}; a module of your own lies in the folder "
        "that the command is started in, or is installed"
    )


def source_digest(module: str) -> str:
    """Digest a module's file, and the files beside it that it imports, directly or not."""
    digest = hashlib.sha256()
    path = inspect.getsourcefile(sys.modules[module])
    if path is None:  # no Python file: the name alone
        return "no source"
    for file in sorted(imported_files(Path(path).resolve())):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def imported_files(start: Path) -> set[Path]:
    """List a file and those of its folder that it imports, directly or through one another."""
    known, new = set(), {start}
    while new:
        path = new.pop()
        known.add(path)
        new |= {found for found in neighbours(path, path.stat().st_mtime_ns) if found not in known}
    return known


@functools.lru_cache(256)
def neighbours(path: Path, changed: int) -> frozenset[Path]:
    """List the files of its folder that a file imports; `changed` lets the cache notice edits."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)}
    parts = {part for name in names for part in name.split(".")}
    files = (path.with_name(f"{part}.py") for part in parts)
    packages = (path.parent / part / "__init__.py" for part in parts)
    return frozenset(file for file in (*files, *packages) if file.is_file() and file != path)
