"""Cells of the `torchrecurrent` package, run as ours: with its steps, on our engine."""

import importlib
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from longlag.cells.base import Cell, Hidden
from longlag.cells.lstm import LSTMState
from longlag.errors import LonglagError


class Shown(NamedTuple):
    """A state h and, beside it, what is seen of it: y, which no later step reads."""

    y: Tensor
    h: Tensor


class ShownPair(NamedTuple):
    """The states h and c and, beside them, what is seen of them: y, which no later step reads."""

    y: Tensor
    h: Tensor
    c: Tensor


@final
class Foreign(Cell):
    r"""A cell of torchrecurrent, by its name there: s_t = cell(x_t, s_(t-1)).

    Args:
        input_size: I.
        hidden_size: H.
        name: of the cell's class, such as LEMCell.
        options: further arguments of that class.

    Raises:
        LonglagError: the package is not installed, has no such cell, or refuses the options.

    Source: Martinuzzi 2025, torchrecurrent, whose docs name the paper of each cell; RANCell: Lee
    et al. 2017, eq. 1.
    """

    def __init__(self, input_size: int, hidden_size: int, name: str, **options: Any) -> None:
        super().__init__(input_size, hidden_size)
        package = library()
        known = sorted(n for n in dir(package) if n.endswith("Cell"))
        if name not in known:
            raise LonglagError(f"torchrecurrent has no cell {name!r}; allowed: {', '.join(known)}")
        try:
            self.cell = getattr(package, name)(input_size, hidden_size, **options)
        except TypeError as error:
            raise LonglagError(f"torchrecurrent's {name}: {error}") from error
        kinds = importlib.import_module("torchrecurrent.base")
        double = isinstance(
            self.cell, kinds.DoubleStateCellBase | kinds.DecoupledDoubleStateCellBase
        )
        self.shown = isinstance(
            self.cell, kinds.DecoupledSingleStateCellBase | kinds.DecoupledDoubleStateCellBase
        )
        found = (ShownPair if self.shown else LSTMState) if double else None
        self.State = found or (Shown if self.shown else Hidden)  # pyright: ignore
        self.widths = self.measure()

    def measure(self) -> tuple[int, ...]:
        """Columns of each part of the state, as one step leaves them."""
        like = next(self.parameters())
        with torch.no_grad():
            out = self.cell(like.new_zeros(1, self.input_size), None)
        return tuple(leaf.shape[-1] for leaf in flat(out))

    @property
    def output_size(self) -> int:
        """D, of the first part of the state."""
        return self.widths[0]

    @property
    def state_size(self) -> int:
        """Numbers that are carried: y is not."""
        return sum(self.widths[self.shown :])

    def init_state(self, batch_size: int) -> Any:
        """Zeros."""
        like = next(self.parameters())
        return self.State(*(like.new_zeros(batch_size, width) for width in self.widths))

    def step(self, u: Tensor, s: Any) -> Any:
        """The cell's own step; several leading axes are one long batch to it."""
        front, before = u.shape[:-1], s[self.shown :]
        if len(front) > 1:
            u, before = u.flatten(0, -2), [leaf.flatten(0, -2) for leaf in before]
        new = flat(self.cell(u, before[0] if len(before) == 1 else tuple(before)))
        return self.State(*(n.unflatten(0, front) if len(front) > 1 else n for n in new))


def flat(out: Any) -> list[Tensor]:
    """The tensors of h, (h, c), (y, h) or (y, (h, c)), in that order."""
    return [out] if isinstance(out, Tensor) else [leaf for part in out for leaf in flat(part)]


def library() -> Any:
    """The package.

    Raises:
        LonglagError: it is not installed.
    """
    try:
        return importlib.import_module("torchrecurrent")
    except ImportError as error:
        raise LonglagError(
            "a foreign cell needs the torchrecurrent package, which is not installed; "
            "pip install 'longlag[peers]'"
        ) from error
