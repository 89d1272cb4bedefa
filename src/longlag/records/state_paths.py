"""The parts of a stack's state: in which of its cells they are, as probe.npz counts them."""

from typing import NamedTuple


class Path(NamedTuple):
    """A part of the state of one cell of a model: a path of the gradient."""

    layer: int  # of the cell, as probe.npz counts
    leaf: str  # h, c, ...


def parts(names: set[str], kind: str) -> list[Path]:
    """The arrays `kind`/<cell>/<name> among `names`, cells from the input up."""
    split = [name.split("/") for name in names if name.startswith(f"{kind}/")]
    return sorted(Path(int(cell), leaf) for _, cell, leaf in split)
