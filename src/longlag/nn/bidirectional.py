"""A layer that reads the sequence both ways: two recurrences, one of them from the end."""

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.engine import Trajectory, unroll
from longlag.nn.references import Reference


@final
class Bidirectional(nn.Module):
    r"""y_t = [forward y_t, backward y_t]: one cell reads x_1 .. x_L, the other x_L .. x_1.

    L is each sequence's own length: the backward cell begins at its last step, not at the padding.

    Args:
        cell: makes both recurrences, each with weights of its own.
        input_size: I.
        hidden_size: H, of each of the two; y has both side by side.

    Raises:
        ValueError: a network without a recurrence in place of a cell.

    Source: Schuster & Paliwal 1997, "Bidirectional recurrent neural networks".
    """

    def __init__(
        self, cell: Callable[[int, int], Cell | Reference], input_size: int, hidden_size: int
    ) -> None:
        super().__init__()
        ahead, back = cell(input_size, hidden_size), cell(input_size, hidden_size)
        if isinstance(ahead, Reference) or isinstance(back, Reference):
            raise ValueError(
                f"a bidirectional layer is two recurrences, and {type(ahead).__name__} is none; "
                "give model=stack"
            )
        self.ahead, self.back = ahead, back

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """Return the cell that reads forward, and the one that reads backward."""
        return self.ahead, self.back

    @property
    def output_size(self) -> int:
        """Return D, both outputs side by side."""
        return self.ahead.output_size + self.back.output_size

    def forward(
        self,
        x: Float[Tensor, "T B I"],
        lengths: Integer[Tensor, "B"] | None,
        taps: tuple[Any, Any],
        backend: str,
    ) -> tuple[Trajectory, Trajectory]:
        """Run both cells; row t of the second is what the backward cell made of x_t .. x_L.

        Args:
            x: the inputs.
            lengths: of the sequences; None: all T.
            taps: of each cell, or None.
            backend: of the engine.
        """
        forward = unroll(self.ahead, x, lengths=lengths, taps=taps[0], backend=backend)
        tap = reverse_state(taps[1], lengths)
        backward = unroll(
            self.back, reverse_in_time(x, lengths), lengths=lengths, taps=tap, backend=backend
        )
        y, states = reverse_in_time(backward.y, lengths), reverse_state(backward.states, lengths)
        return forward, Trajectory(y, backward.final, states, backward.backend)


def reverse_state(s: Any, lengths: Tensor | None) -> Any:
    """Reverse each part (T,B,H) of a State in time; None stays None."""
    return None if s is None else type(s)(*(reverse_in_time(leaf, lengths) for leaf in s))


def reverse_in_time(x: Float[Tensor, "T B *D"], lengths: Integer[Tensor, "B"] | None) -> Tensor:
    """Reverse each sequence from its end to its beginning; padding stays where it was."""
    if lengths is None:
        return x.flip(0)
    step = torch.arange(len(x), device=x.device)[:, None]
    source = torch.where(step < lengths, lengths - 1 - step, step)  # (T,B)
    return x[source, torch.arange(x.shape[1], device=x.device)]
