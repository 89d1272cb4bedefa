"""front -> layers of recurrence, bare or each in a block -> head."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Integer, Num
from torch import Tensor, nn

from longlag.cells.base import Cell, check_step
from longlag.engine import BACKENDS, Trajectory, unroll
from longlag.nn.bidirectional import Bidirectional
from longlag.nn.block import Block
from longlag.nn.dropout import Dropout
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.losses import Kind, per_step_loss
from longlag.nn.references import Reference

MakeCell = Callable[[int, int], Cell | Reference]  # of input_size and hidden_size
MakeLayer = Callable[[MakeCell, int, int], Bidirectional]
MakeFront = Callable[[int], nn.Module]  # input_size -> what has an output_size
MakeBlock = Callable[[int, int], Block]  # (width, output_size of the cell) -> Block
MakeHead = Callable[[int, int, int], LogisticHead]  # (features, input_size, output_size)


class Output(NamedTuple):
    """What a pass of a model leaves behind."""

    prediction: Tensor  # (T,B,D), or (N,D) at the steps asked for
    carry: tuple[Any, ...]  # the final state of each cell
    states: tuple[Any, ...]  # every state of each cell, (T,B,H); None on the fused backend
    backends: tuple[str, ...]  # that ran each cell, as observed; "reference": there is none


class Model(nn.Module):
    """A stack of recurrent layers, run layer by layer, with a linear head on the last.

    Args:
        input_size: I, features of x_t.
        output_size: D, of the head.
        cell: makes a layer's recurrence from its input and hidden size, or a network without one.
        hidden_size: H, of every layer.
        layers: how many.
        dropout: probability, between layers (not within time), or inside the blocks; its masks
            follow from the seed of the weights.
        backend: of the engine.
        residual: whether each layer but the first adds its output to its input.
        layer: makes a layer of the cell, its input and hidden size (`layers.Bidirectional`);
            None: a layer is one cell.
        front: makes what stands before the first layer from input_size; None: nothing does.
        block: makes what stands around each layer; the input is then first mapped to H features,
            the width of all blocks.  None: layers stand bare, one upon another.
        head: makes the output units of the last layer's features and the input; None: linear
            ones.

    Raises:
        ValueError: fewer than one layer, an unknown backend or one for a network without a
            recurrence, or a residual connection between layers of different width, in a single
            layer or beside a block's own.
        LonglagError: a cell whose step does not return a state like the first one.
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
        block: MakeBlock | None = None,
        head: MakeHead | None = None,
    ) -> None:
        super().__init__()
        refuse_options(layers, backend, residual, block is not None)
        self.front = None if front is None else front(input_size)
        size: Any = input_size if self.front is None else self.front.output_size
        self.encoder = None if block is None else nn.Linear(size, hidden_size)
        size = size if block is None else hidden_size
        self.layers = nn.ModuleList()
        self.blocks = None if block is None else nn.ModuleList()
        for i in range(layers):
            made = cell(size, hidden_size) if layer is None else layer(cell, size, hidden_size)
            refuse_layer(made, backend, size if residual and i else made.output_size)
            self.layers.append(made)
            if block is None or self.blocks is None:
                size = made.output_size
            else:
                self.blocks.append(block(size, made.output_size))
        self.residual = residual
        self.head = (
            nn.Linear(size, output_size) if head is None else head(size, input_size, output_size)
        )
        self.dropout = Dropout(dropout)  # last, so that the weights are those without dropout
        self.backend, self.hidden_size = backend, hidden_size
        if not next(self.head.parameters()).is_meta:
            for one in self.cells:
                check_step(one)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Return every cell, from the input up; of a bidirectional layer, forward then backward.

        A layer that is a `Reference` has none.
        """
        return tuple(
            cell
            for layer in self.layers
            if not isinstance(layer, Reference)
            for cell in (layer.cells if isinstance(layer, Bidirectional) else (layer,))
        )  # pyright: ignore[reportReturnType]

    @property
    def causal(self) -> bool:
        """Tell whether no answer depends on a later step, so that padding behind is harmless."""
        return not any(isinstance(layer, Bidirectional) for layer in self.layers)

    @property
    def state_size(self) -> int:
        """Count the numbers that one sequence carries from step to step, in all layers."""
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
        y, backend = self.apply_front(x), backend or self.backend
        for i, layer in enumerate(self.layers):
            k, below = len(runs), self.cell_input(i, y)
            if isinstance(layer, Reference):
                out, found = layer(below), ()
            elif isinstance(layer, Bidirectional):
                found = layer(below, lengths, (zeros[k], zeros[k + 1]), backend)
                out = torch.cat([run.y for run in found], dim=-1)
            else:
                how: Any = {"lengths": lengths, "resets": resets, "taps": zeros[k]}
                found = (unroll(layer, below, starts[k], backend=backend, **how),)  # pyright: ignore
                out = found[0].y
            runs += found
            y = self.layer_output(i, y, out)
        chosen = y if at is None else y.flatten(0, 1).index_select(0, at)
        carries, states = tuple(run.final for run in runs), tuple(run.states for run in runs)
        ran = tuple(run.backend for run in runs) or ("reference",) * len(self.layers)
        if not isinstance(self.head, LogisticHead):
            return Output(self.head(chosen), carries, states, ran)
        seen = x if at is None else x.flatten(0, 1).index_select(0, at)
        prediction = self.head.prediction(self.head.sums(chosen, seen))
        return Output(prediction, carries, states, ran)

    def loss(
        self, kind: Kind, prediction: Float[Tensor, "N D"], target: Num[Tensor, "N *D"]
    ) -> Float[Tensor, "N"]:
        """Compute the loss of each of N answers: `per_step_loss`, or what the head has its own."""
        if isinstance(self.head, LogisticHead):
            return self.head.loss(prediction, target)
        return per_step_loss(kind, prediction, target)

    def apply_front(self, x: Tensor) -> Tensor:
        """Return the input of the first layer: (T,B,I) -> (T,B,.)."""
        x = x if self.front is None else self.front(x)
        return x if self.encoder is None else self.encoder(x)

    def cell_input(self, i: int, x: Tensor) -> Tensor:
        """Return what the cells of layer `i` see of the layer's input x."""
        if self.blocks is not None:
            return self._block(i).cell_input(x)
        return self.dropout(x) if i else x

    def layer_output(self, i: int, x: Tensor, y: Tensor) -> Tensor:
        """Return the output of layer `i`, of its input x and of its cells' output y."""
        if self.blocks is not None:
            return self._block(i).output(x, y, self.dropout)
        return x + y if self.residual and i else y

    def _block(self, i: int) -> Block:
        assert self.blocks is not None
        return self.blocks[i]  # pyright: ignore[reportReturnType]

    def refuse(self, carry: Any, resets: Any) -> None:
        """Say what cannot be cut in parts.

        Raises:
            ValueError: a carry or resets, and steps that see others than through the state.
        """
        if carry is None and resets is None:
            return
        if not self.cells:
            raise ValueError(
                "a model without a recurrence takes no carry and no resets: it has no state, and "
                "looks back over the cut; give it whole sequences"
            )
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


def refuse_options(layers: int, backend: str, residual: bool, block: bool) -> None:
    """Refuse what no model can be, whatever its layers are.

    Raises:
        ValueError: as `Model` says.
    """
    if layers < 1:
        raise ValueError(f"model: layers must be at least 1, not {layers}")
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
    if residual and layers < 2:
        raise ValueError("model: residual=true adds nothing to a single layer; give layers=2")
    if residual and block:
        raise ValueError("model: a block has a skip connection already; leave residual away")


def refuse_layer(layer: Any, backend: str, added: int) -> None:
    """Refuse a layer that the backend cannot run, or whose output is not as wide as what is added.

    Raises:
        ValueError: as `Model` says.
    """
    if layer.output_size != added:
        raise ValueError(
            f"residual: a layer of {layer.output_size} outputs cannot be added to its {added} "
            "inputs; use a cell whose output is as wide as its input, or none"
        )
    if backend != "auto" and isinstance(layer, Reference):
        raise ValueError(
            f"backend={backend} cannot run {type(layer).__name__}, which has no recurrence; "
            "leave model.backend=auto"
        )
