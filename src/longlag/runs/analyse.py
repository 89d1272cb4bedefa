"""A recorded run under the laboratory's eyes: its initial and its trained model, kept in one file.

Every number is of the same sequences of validation, which no training has seen.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Generator

from longlag.engine.denormals import flush_denormals
from longlag.errors import LonglagError
from longlag.probes.examine import examine
from longlag.probes.profile import Arrays
from longlag.runs.restore import run_of

SEQUENCES, MANY = 16, 256  # of the examined batch, and for the linear readout


class Examination(NamedTuple):
    """What was found."""

    record: dict[str, Any]
    found: dict[str, Arrays]  # init and trained; init alone where training left the numbers


@flush_denormals()
def examine_run(folder: Path) -> Examination:
    """Examine the initial and the trained model of a run and keep it in its laboratory.npz.

    Args:
        folder: results/<study>/<run id>, with its weights.pt.

    Raises:
        LonglagError: no record there, its weights were not kept, or its model reads both ways.
    """
    found: dict[str, Arrays] = {}
    record: dict[str, Any] = {}
    for when, trained in (("init", False), ("trained", True)):
        record, task, model = run_of(folder, trained)
        if not model.causal:
            raise LonglagError(
                f"{folder.name} reads both ways: a cell that reads backwards keeps nothing of the "
                "past, so there is nothing to examine; examine a run of model=stack"
            )
        seed = record["config"]["seeds"]["data"]
        batch, many = (
            task.batch("validation", seed, k, size)
            for k, size in ((10**6, SEQUENCES), (10**6 + 1, MANY))
        )
        if not all(bool(p.isfinite().all()) for p in model.parameters()):
            continue
        rng = Generator().manual_seed(0)
        found[when] = examine(model, batch, task.spec.kind, rng, many)
    keep(folder / "laboratory.npz", found)
    return Examination(record, found)


def keep(path: Path, found: dict[str, Arrays]) -> None:
    """Write the file as a whole or not at all."""
    flat = {f"{when}/{name}": v for when, arrays in found.items() for name, v in arrays.items()}
    partial = path.with_name(f".{path.name}-{os.getpid()}.npz")
    try:
        np.savez_compressed(partial, allow_pickle=False, **flat)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
