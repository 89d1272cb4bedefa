"""embed -> layers of recurrence -> head."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.engine import BACKENDS, unroll

MakeCell = Callable[[int, int], Cell]  # (input_size, hidden_size) -> Cell


class Output(NamedTuple):
    """What a pass of a model leaves behind."""

    prediction: Tensor  # (T,B,D), or (N,D) at the steps asked for
    carry: tuple[Any, ...]  # the final state of each layer
    states: tuple[Any, ...]  # every state of each layer, (T,B,H); None on the fused backend


class Model(nn.Module):
    """A stack of recurrent layers, run layer by layer, with a linear head on the last.

    Args:
        input_size: I, features of x_t.
        output_size: D, of the head.
        cell: makes a layer's recurrence from its input and hidden size.
        hidden_size: H, of every layer.
        layers: how many.
        dropout: probability, between layers (not within time).
        backend: of the engine.

    Raises:
        ValueError: fewer than one layer, or an unknown backend.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        cell: MakeCell,
        hidden_size: int,
        layers: int = 1,
        dropout: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"model: layers must be at least 1, not {layers}")
        if backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
        self.layers = nn.ModuleList()
        for _ in range(layers):
            self.layers.append(cell(input_size, hidden_size))
            input_size = self.layers[-1].output_size  # pyright: ignore[reportAssignmentType]
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(input_size, output_size)
        self.backend = backend

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The recurrence of each layer, from the input up."""
        return tuple(self.layers)  # pyright: ignore[reportReturnType]

    @property
    def causal(self) -> bool:
        """Whether no answer depends on a later step, so that padding behind the end is harmless."""
        return True

    @property
    def state_size(self) -> int:
        """Numbers that one sequence carries from step to step, all layers together."""
        return sum(cell.state_size for cell in self.cells)

    def forward(
        self,
        x: Float[Tensor, "T B I"],
        lengths: Integer[Tensor, "B"] | None = None,
        *,
        carry: Sequence[Any] | None = None,
        resets: Bool[Tensor, "T B"] | None = None,
        taps: Sequence[Any] | None = None,
        at: Integer[Tensor, "N"] | None = None,
        backend: str | None = None,
    ) -> Output:
        """Predict at every step, or at the flat positions `at` (t * B + b) alone.

        Args:
            x: the inputs.
            lengths: of the sequences; None: all T.
            carry: the state each layer starts from (`Output.carry` of the part before).
            resets: where a new document begins.
            taps: one State of zeros a layer, see `unroll`.
            at: the positions that the head is asked for.
            backend: instead of the model's own.
        """
        none = [None] * len(self.layers)
        final, states = [], []
        y = x
        for i, (cell, s, tap) in enumerate(
            zip(self.cells, carry or none, taps or none, strict=True)
        ):
            run = unroll(
                cell,
                self.dropout(y) if i else y,
                s,
                lengths=lengths,
                resets=resets,
                taps=tap,
                backend=backend or self.backend,
            )
            y = run.y
            final.append(run.final)
            states.append(run.states)
        chosen = y if at is None else y.flatten(0, 1).index_select(0, at)
        return Output(self.head(chosen), tuple(final), tuple(states))
