"""`longlag doctor`: what is installed, found and missing on this machine."""

import argparse
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from longlag.errors import EXTRAS, missing_package
from longlag.runs.config import Config, resolve
from longlag.runs.wandb_upload import has_account
from longlag.studies.cores import available_cores

Row = tuple[str, str]


def run(arguments: argparse.Namespace) -> int:
    """Print one row for each finding: a table on a terminal, `name: value` lines elsewhere."""
    config = resolve(arguments.words, arguments.config_dir)
    rows = [*installed(), *hardware(config), *engine(config), *services(config), *extras()]
    console = Console(highlight=False)
    if console.is_terminal:
        table = Table("name", "value", show_header=False, box=None)
        for name, value in rows:
            table.add_row(Text(name, style="bold"), Text(value))
        console.print(table)
    else:
        for name, value in rows:
            print(f"{name}: {value}")
    return 0


def installed() -> Iterator[Row]:
    """Yield the versions of longlag, Python and the packages that compute."""
    import longlag
    from longlag.runs.provenance import machine

    for name, number in machine()["versions"].items():
        yield name, f"{number} in {Path(longlag.__file__).parent}" if name == "longlag" else number


def hardware(config: Config) -> Iterator[Row]:
    """Yield the processor, its cores and vector instructions, and the threads of a run."""
    import torch

    from longlag.runs import provenance

    found = provenance.hardware("cpu")
    usable = available_cores()
    yield "processor", found.cpu or "unknown"
    yield "cores", f"{found.cores}, of which this process may use {usable}"
    yield "threads", f"{config.values.threads} in each run (threads=N changes it)"
    yield "vector instructions", found.isa or "unknown"
    yield "matrix products", found.blas or "unknown"
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none that torch can use"
    yield "GPU", gpu


def engine(config: Config) -> Iterator[Row]:
    """Yield the compiler, its flags, where compiled steps are kept and the backend of the cell."""
    import torch

    from longlag.engine import c_compiler
    from longlag.engine.backend import choose_backend
    from longlag.engine.c_compiler import CompilerNotFound
    from longlag.runs.instantiate import build
    from longlag.runs.provenance import compiler

    try:
        yield "compiler", f"{c_compiler.compiler()} ({compiler() or 'does not say its version'})"
        yield "compiler flags", " ".join([*c_compiler.FLAGS, *c_compiler.extra_flags()])
    except CompilerNotFound as error:
        yield "compiler", f"none: {error}; cells run in the slower loop"
    yield "compiled steps", f"{c_compiler.cache_folder()} ({writable(c_compiler.cache_folder())})"
    cell = build(config.values.cell)(2, 32)
    yield f"backend of {config.names['cell']}", choose_backend(cell, torch.zeros(10, 2, 2))


def writable(folder: Path) -> str:
    """Say whether a folder, or the nearest one above it that exists, can be written."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return "writable" if os.access(there, os.W_OK) else "cannot be written; set LONGLAG_CACHE"


def services(config: Config) -> Iterator[Row]:
    """Yield which logger is chosen, the mode of W&B and whether there is an account."""
    logger = config.values.logger
    mode = os.environ.get("WANDB_MODE") or "not set"
    yield "logger", f"{config.names['logger']}, mode {logger.get('mode', 'none')}"
    account = "an account is known" if has_account() else "no account: `wandb login`"
    yield "W&B", f"{account}; WANDB_MODE is {mode}"


def extras() -> Iterator[Row]:
    """Yield each extra: installed, or what is missing of it with the line that installs it."""
    for extra in dict.fromkeys(extra for _, extra in EXTRAS.values()):
        missing = [
            str(missing_package(module))
            for module, (_, of) in EXTRAS.items()
            if of == extra and importlib.util.find_spec(module) is None
        ]
        yield f"extra {extra}", missing[0] if missing else "installed"
