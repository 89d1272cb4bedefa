"""The parts of a stack's state: in which cell of which layer they are, and what people call them.

probe.npz counts the cells of a model from 0, from the input up; of a bidirectional layer the one
that reads forward comes before the one that reads backward.  People count layers from 1.
"""

from typing import Any, NamedTuple

WAYS = ("forward", "backward")


class Path(NamedTuple):
    """A part of the state of one cell of a model: a path of the gradient."""

    layer: int  # of the cell, as probe.npz counts
    leaf: str  # h, c, ...


def cells_of_a_layer(record: dict[str, Any]) -> int:
    """2 in a bidirectional model, where each layer reads both ways; else 1."""
    layers = (record["config"].get("model") or {}).get("layers") or 1
    cells = record.get("model", {}).get("layers") or layers
    return max(1, int(cells) // int(layers))


def place(record: dict[str, Any], cell: int, cells: int) -> str:
    """Where a cell stands among `cells`: layer 2, layer 1 backward; nothing if it is alone."""
    ways = cells_of_a_layer(record)
    parts = [f"layer {cell // ways + 1}"] if cells > ways else []
    if ways == len(WAYS):
        parts.append(WAYS[cell % ways])
    return " ".join(parts)


def parts(names: set[str], kind: str) -> list[Path]:
    """The arrays `kind`/<cell>/<name> among `names`, cells from the input up."""
    split = [name.split("/") for name in names if name.startswith(f"{kind}/")]
    return sorted(Path(int(cell), leaf) for _, cell, leaf in split)
