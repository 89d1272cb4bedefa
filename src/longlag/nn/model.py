"""front -> layers of recurrence -> head."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.engine import BACKENDS, Trajectory, unroll
from longlag.nn.bidirectional import Bidirectional

MakeCell = Callable[[int, int], Cell]  # (input_size, hidden_size) -> Cell
MakeLayer = Callable[[MakeCell, int, int], Bidirectional]
MakeFront = Callable[[int], nn.Module]  # input_size -> what has an output_size


class Output(NamedTuple):
    """What a pass of a model leaves behind."""

    prediction: Tensor  # (T,B,D), or (N,D) at the steps asked for
    carry: tuple[Any, ...]  # the final state of each cell
    states: tuple[Any, ...]  # every state of each cell, (T,B,H); None on the fused backend
    backends: tuple[str, ...]  # the backend that ran each cell, as observed


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
        residual: whether each layer but the first adds its output to its input.
        layer: makes a layer of the cell, its input and hidden size (`layers.Bidirectional`);
            None: a layer is one cell.
        front: makes what stands before the first layer from input_size; None: nothing does.

    Raises:
        ValueError: fewer than one layer, an unknown backend, or a residual connection between
            layers of different width or in a single layer.
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
        residual: bool = False,
        layer: MakeLayer | None = None,
        front: MakeFront | None = None,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"model: layers must be at least 1, not {layers}")
        if backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
        if residual and layers < 2:
            raise ValueError("model: residual=true adds nothing to a single layer; give layers=2")
        self.front = None if front is None else front(input_size)
        size: Any = input_size if self.front is None else self.front.output_size
        self.layers = nn.ModuleList()
        for i in range(layers):
            made = cell(size, hidden_size) if layer is None else layer(cell, size, hidden_size)
            if residual and i and made.output_size != size:
                raise ValueError(
                    f"residual: a layer of {made.output_size} outputs cannot be added to its "
                    f"{size} inputs; use a cell whose output is as wide as its input, or none"
                )
            self.layers.append(made)
            size = made.output_size
        self.residual = residual
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(size, output_size)
        self.backend = backend

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every recurrence, from the input up; of a bidirectional layer, forward then backward."""
        return tuple(
            cell
            for layer in self.layers
            for cell in (layer.cells if isinstance(layer, Bidirectional) else (layer,))
        )  # pyright: ignore[reportReturnType]

    @property
    def causal(self) -> bool:
        """Whether no answer depends on a later step, so that padding behind the end is harmless."""
        return not any(isinstance(layer, Bidirectional) for layer in self.layers)

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
            carry: the state each cell starts from (`Output.carry` of the part before).
            resets: where a new document begins.
            taps: one State of zeros a cell, see `unroll`.
            at: the positions that the head is asked for.
            backend: instead of the model's own.
        """
        self.refuse(carry, resets)
        count = len(self.cells)
        starts, zeros = list(carry or [None] * count), list(taps or [None] * count)
        for name, given in (("carry", starts), ("taps", zeros)):
            if len(given) != count:
                raise ValueError(f"model: {name} has {len(given)} states for {count} cells")
        runs: list[Trajectory] = []
        y = self.enter(x)
        for i, layer in enumerate(self.layers):
            below, k = y, len(runs)
            y = self.dropout(y) if i else y
            if isinstance(layer, Bidirectional):
                both = layer(y, lengths, (zeros[k], zeros[k + 1]), backend or self.backend)
                runs += both
                y = torch.cat([run.y for run in both], dim=-1)
            else:
                runs.append(
                    unroll(
                        layer,  # pyright: ignore[reportArgumentType]
                        y,
                        starts[k],
                        lengths=lengths,
                        resets=resets,
                        taps=zeros[k],
                        backend=backend or self.backend,
                    )
                )
                y = runs[-1].y
            y = self.join(i, below, y)
        chosen = y if at is None else y.flatten(0, 1).index_select(0, at)
        carries, states = tuple(run.final for run in runs), tuple(run.states for run in runs)
        return Output(self.head(chosen), carries, states, tuple(run.backend for run in runs))

    def enter(self, x: Tensor) -> Tensor:
        """What the first layer sees: (T,B,I) -> (T,B,.)."""
        return x if self.front is None else self.front(x)

    def join(self, i: int, below: Tensor, y: Tensor) -> Tensor:
        """What stands above layer `i`, of what stood below it and of its output."""
        return below + y if self.residual and i else y

    def refuse(self, carry: Any, resets: Any) -> None:
        """Say what cannot be cut in parts.

        Raises:
            ValueError: a carry or resets, and steps that see others than through the state.
        """
        if carry is None and resets is None:
            return
        if not self.causal:
            raise ValueError(
                "a bidirectional model takes no carry and no resets: it reads from the end too; "
                "give it whole sequences"
            )
        if self.front is not None:
            raise ValueError(
                "a model with a front takes no carry and no resets: its filters reach back over "
                "the cut; give it whole sequences"
            )
