"""Cells of the `torchrecurrent` package, run as ours: with its steps, on our engine."""

from typing import Any, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from longlag.cells.base import Cell, Hidden
from longlag.cells.lstm import LSTMState
from longlag.errors import LonglagError, need


class OutputState(NamedTuple):
    """The state h and beside it the output y, which no later step reads."""

    y: Float[Tensor, "*S D"]
    h: Float[Tensor, "*S H"]


class OutputStatePair(NamedTuple):
    """The states h and c and beside them the output y, which no later step reads."""

    y: Float[Tensor, "*S D"]
    h: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]


@final
class TorchRecurrentCell(Cell):
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
        package = need("torchrecurrent")
        known = sorted(n for n in dir(package) if n.endswith("Cell"))
        if name not in known:
            raise LonglagError(f"torchrecurrent has no cell {name!r}; allowed: {', '.join(known)}")
        try:
            self.cell = getattr(package, name)(input_size, hidden_size, **options)
        except TypeError as error:
            raise LonglagError(f"torchrecurrent's {name}: {error}") from error
        kinds = need("torchrecurrent.base")
        double = isinstance(
            self.cell, kinds.DoubleStateCellBase | kinds.DecoupledDoubleStateCellBase
        )
        self.decoupled = isinstance(
            self.cell, kinds.DecoupledSingleStateCellBase | kinds.DecoupledDoubleStateCellBase
        )
        found = (OutputStatePair if self.decoupled else LSTMState) if double else None
        self.State = found or (OutputState if self.decoupled else Hidden)  # pyright: ignore
        self.widths = self._widths()

    def _widths(self) -> tuple[int, ...]:
        """Run one step to see how wide each part of the state is."""
        like = next(self.parameters())
        with torch.no_grad():
            out = self.cell(like.new_zeros(1, self.input_size), None)
        return tuple(leaf.shape[-1] for leaf in tensors_of(out))

    @property
    def output_size(self) -> int:
        """Return D, of the first part of the state."""
        return self.widths[0]

    @property
    def state_size(self) -> int:
        """Count the numbers that are carried: y is not."""
        return sum(self.widths[self.decoupled :])

    def init_state(self, batch_size: int) -> Any:
        """Return zeros."""
        like = next(self.parameters())
        return self.State(*(like.new_zeros(batch_size, width) for width in self.widths))

    def step(self, u: Float[Tensor, "*S I"], s: Any) -> Any:
        """Take the cell's own step; several leading axes are one long batch to it."""
        front, before = u.shape[:-1], s[self.decoupled :]
        if len(front) > 1:
            u, before = u.flatten(0, -2), [leaf.flatten(0, -2) for leaf in before]
        new = tensors_of(self.cell(u, before[0] if len(before) == 1 else tuple(before)))
        return self.State(*(n.unflatten(0, front) if len(front) > 1 else n for n in new))


def tensors_of(out: Any) -> list[Tensor]:
    """List the tensors of h, (h, c), (y, h) or (y, (h, c)), in that order."""
    return [out] if isinstance(out, Tensor) else [leaf for part in out for leaf in tensors_of(part)]
