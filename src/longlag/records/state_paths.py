"""The parts of a stack's state: in which of its cells they are, as probe.npz counts them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Path(NamedTuple):
    """A part of the state of one cell of a model: a path of the gradient."""

    layer: int  # of the cell, as probe.npz counts
    leaf: str  # h, c, ...


def parts(names: set[str], kind: str) -> list[Path]:
    """List the arrays `kind`/<cell>/<name> among `names`, cells from the input up."""
    split = [name.split("/") for name in names if name.startswith(f"{kind}/")]
    return sorted(Path(int(cell), leaf) for _, cell, leaf in split)


def profile(probe: Mapping[str, np.ndarray], path: Path, at: int) -> np.ndarray | None:
    """Return ||dL/ds|| of one path over the lag (K,); None if it was not probed.

    Args:
        probe: the arrays of probe.npz.
        path: the part of the state.
        at: 0, at initialisation, or -1, after training: of the weights that validation chose or,
            in records that lack them, of the last step.
    """
    name = f"profile/{path.layer}/{path.leaf}"
    rows = probe.get(name)
    if rows is None or not len(rows):
        return None
    return probe.get(f"chosen/{name}", rows[-1]) if at == -1 else rows[at]
