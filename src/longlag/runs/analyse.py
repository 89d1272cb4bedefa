"""Post-hoc analysis of a recorded run: its initial and its trained model, kept in one file.

Every number is of the same sequences of validation, which no training has seen.
"""

from pathlib import Path
from typing import NamedTuple

from torch import Generator

from longlag.engine.denormals import flush_denormals
from longlag.errors import LonglagError
from longlag.probes.examine import examine
from longlag.probes.profile import Arrays
from longlag.records.atomic import write_arrays
from longlag.records.run import Run
from longlag.runs.restore import restore_run

SEQUENCES, MANY = 16, 256  # of the examined batch, and for the linear readout


class Examination(NamedTuple):
    """What was measured."""

    run: Run
    found: dict[str, Arrays]  # init and trained; init alone where training left the numbers


@flush_denormals()
def examine_run(folder: Path, config_dir: Path | None = None) -> Examination:
    """Examine the initial and the trained model of a run and keep it in its laboratory.npz.

    Args:
        folder: results/<study>/<run id>, with its weights.pt.
        config_dir: the user's own folder of groups, whose classes may be built.

    Raises:
        LonglagError: no record there, it names a class that may not be built, its weights were not
            kept, or its model reads both ways or has no recurrence.
    """
    found: dict[str, Arrays] = {}
    restored = [restore_run(folder, trained, config_dir) for trained in (False, True)]
    for when, (run, task, model) in zip(("init", "trained"), restored, strict=True):
        if not model.cells:
            raise LonglagError(
                f"{folder.name} has no recurrence, hence no state to examine; examine a run of "
                "another cell"
            )
        if not model.causal:
            raise LonglagError(
                f"{folder.name} reads both ways: a cell that reads backwards keeps nothing of the "
                "past, so there is nothing to examine; examine a run of model=stack"
            )
        batch, many = (
            task.batch("validation", run.data_seed, k, size)
            for k, size in ((10**6, SEQUENCES), (10**6 + 1, MANY))
        )
        if not all(bool(p.isfinite().all()) for p in model.parameters()):
            continue
        rng = Generator().manual_seed(0)
        found[when] = examine(model, batch, task.spec.kind, rng, many)
    flat = {f"{when}/{name}": v for when, arrays in found.items() for name, v in arrays.items()}
    write_arrays(folder / "laboratory.npz", flat)
    return Examination(restored[0].run, found)
