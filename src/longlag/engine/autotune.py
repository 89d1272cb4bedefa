"""Which backend `auto` stands for: where several could serve, the one that is measured fastest."""

import json
import os
import platform
import statistics
import time
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

import longlag
from longlag.cells.base import Cell, LinearCell
from longlag.engine import compiled
from longlag.engine.c_compiler import folder, isa, short

STEPS, TURNS = 25, 5  # of a measurement: tens of milliseconds for a small model
CLEARLY = 0.9  # of the compiled step's time: below it, another backend is taken instead
_known: "WeakKeyDictionary[Cell, dict[Any, str]]" = WeakKeyDictionary()


def choose(
    cell: Cell,
    x: Tensor,
    *,
    lengths: Tensor | None = None,
    taps: Any = None,
    resets: Tensor | None = None,
) -> str:
    """The backend that `auto` stands for.

    A cell of which states are asked for or reset is run by `scan` if it is linear, else by
    `loop`.  Any other takes the compiled step, unless a scan or a vendor's kernel could serve
    too: then forward and backward of each are timed, once for each cell, size and machine.  The
    answer is kept beside the compiled functions and shared between processes.  Where nothing can
    be compiled, it is the scan, the vendor's kernel or the loop, in that order.
    """
    hidden = taps is not None or resets is not None
    other = "scan" if isinstance(cell, LinearCell) else "loop" if hidden else None
    if other is None and cell.kernel() is not None:
        other = "fused"
    if hidden or not compiled.able(cell, x):
        return other or "loop"
    if other is None:
        return "compiled"
    batch = 1 << (x.shape[1] - 1).bit_length()  # to the next power of two
    key = (batch, x.shape[2], x.dtype, torch.get_num_threads(), lengths is not None)
    known = _known.setdefault(cell, {})
    if key not in known:
        kind = f"{type(cell).__module__}.{type(cell).__qualname__}"
        name = short(f"{kind}({cell.input_size}, {cell.hidden_size}) {key} {version()}")
        known[key] = recall(name) or measured(cell, batch, x, lengths, other, name)
    return known[key]


@cache
def version() -> str:
    """What a measurement depends on beside the cell and its inputs."""
    return f"{longlag.__version__} {torch.__version__} {platform.python_version()} {isa()}"


def recall(name: str) -> str | None:
    """What was measured before, here or by another process."""
    try:
        return str(json.loads((folder() / f"auto-{name}.json").read_text())["backend"])
    except (OSError, ValueError, KeyError):
        return None


def measured(
    cell: Cell, batch: int, like: Tensor, lengths: Tensor | None, other: str, name: str
) -> str:
    """The faster of `compiled` and `other`, kept under `name`; the first to keep it is right."""
    times = {backend: [] for backend in ("compiled", other)}
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        x = torch.randn(STEPS, batch, like.shape[2], dtype=like.dtype)
        ends = None if lengths is None else 1 + torch.arange(batch) % STEPS  # uneven, as they are
        for _ in range(TURNS):
            for backend, taken in times.items():
                run(cell, x, ends, backend)  # in its own caches, as in training
                taken.append(run(cell, x, ends, backend))
    us = {backend: 1e6 * statistics.median(taken) / STEPS for backend, taken in times.items()}
    backend = other if us[other] < CLEARLY * us["compiled"] else "compiled"
    return keep(name, {"backend": backend, "microseconds a step": us}) or backend


def run(cell: Cell, x: Tensor, lengths: Tensor | None, backend: str) -> float:
    """Seconds on the wall of one forward and backward; no gradient is left in the cell."""
    from longlag.engine.unroll import unroll

    wanted = [p for p in cell.parameters() if p.requires_grad]
    start = time.perf_counter()
    y = unroll(cell, x, lengths=lengths, backend=backend).y
    if wanted:
        torch.autograd.grad(y, wanted, torch.ones_like(y), allow_unused=True)
    return time.perf_counter() - start


def keep(name: str, found: dict[str, Any]) -> str | None:
    """Write `found` down, unless another process did; what stands there then."""
    path = folder() / f"auto-{name}.json"
    part = Path(f"{path}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(found, indent=1) + "\n")
        try:
            os.link(part, path)  # fails where it exists: all processes then read the same
        except FileExistsError:
            pass
        finally:
            part.unlink()
    except OSError:
        return None
    return recall(name)
