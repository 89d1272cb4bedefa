"""Cells that wrap a cell: what regularises or cuts its way through time, while it trains.

What is random is drawn in `project`, for all steps at once, and travels as further columns of u:
`step` stays a function of its arguments, on every backend.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from longlag.cells.base import Cell, Gating, Kernel

Drawn = tuple[Float[Tensor, "*S I"], list[Float[Tensor, "*S _"]]]  # an input, and columns beside u


class Wrapper(Cell):
    """Base of them: in eval mode the cell itself, in training what a subclass makes of it.

    Args:
        input_size: I.
        hidden_size: H.
        cell: makes the cell that is wrapped.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: Callable[[int, int], Cell],
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.cell = cell(input_size, hidden_size)
        self.State = self.cell.State  # pyright: ignore[reportAttributeAccessIssue]
        self.columns: tuple[int, ...] = ()  # how wide is what `drawn` adds to u in training

    @property
    def versions(self) -> tuple[int, ...]:
        """Return its own version, then the cell's."""
        return (self.version, *self.cell.versions)

    @property
    def output_size(self) -> int:
        """Return D of the cell."""
        return self.cell.output_size

    def init_state(self, batch_size: int) -> Any:
        """Return the cell's first state."""
        return self.cell.init_state(batch_size)

    def drawn(self, x: Float[Tensor, "*S I"]) -> Drawn:
        """Return the input that the cell sees in training, and the columns beside it."""
        return x, []

    @final
    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Project as the cell does; in training, beside the columns that were drawn."""
        if not self.training:
            return self.cell.project(x)
        x, columns = self.drawn(x)
        u = self.cell.project(x)
        return torch.cat([u, *(c.to(u) for c in columns)], dim=-1) if columns else u

    def split(self, u: Float[Tensor, "*S P"]) -> tuple[Float[Tensor, "*S _"], ...]:
        """Return the cell's own u, then the columns."""
        widths = self.columns if self.training else ()
        return u.split([u.shape[-1] - sum(widths), *widths], dim=-1)

    @abstractmethod
    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Make the cell's step, as it is in this mode."""

    def gates(self, u: Float[Tensor, "*S P"], s: Any) -> Gating:
        """Return the cell's gates."""
        return self.cell.gates(self.split(u)[0], s)

    def keep(self, u: Float[Tensor, "*S P"], s: Any) -> Mapping[str, Tensor]:
        """Return what the cell keeps."""
        return self.cell.keep(self.split(u)[0], s)

    def readout(self, s: Any, u: Float[Tensor, "*S P"]) -> Float[Tensor, "*S D"]:
        """Read out as the cell does."""
        return self.cell.readout(s, self.split(u)[0])

    def kernel(self) -> Kernel | None:
        """Return the cell's kernel in eval mode; none in training."""
        return None if self.training else self.cell.kernel()


def probability(where: str, name: str, p: float, below: bool = False) -> None:
    """Refuse a `p` that is none.

    Raises:
        ValueError: outside [0, 1], or at 1 where it must lie `below`.
    """
    if not 0 <= p <= 1 or (below and p == 1):
        raise ValueError(f"{where}: {name} must lie in [0, 1{')' if below else ']'}, not {p}")


def needs_h(where: str, cell: Cell) -> None:
    """Refuse a cell without a part h.

    Raises:
        ValueError: the parts that it has.
    """
    if "h" not in cell.State._fields:
        raise ValueError(
            f"{where}: {type(cell).__name__} has no h, only {', '.join(cell.State._fields)}"
        )
