"""The nonlinear block around a recurrence, for cells that were published as a part of one."""

from typing import Literal, final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, glu

from longlag.cells.base import one_of
from longlag.nn.dropout import Dropout


@final
class Block(nn.Module):
    r"""Normalisation, a recurrence, a mix of its units, and a skip connection around all three.

        glu   x + dropout(G(dropout(gelu(cell(norm(x))))))       G(z) = (A z + a) * sigmoid(B z + b)
        mlp   z + MLP(norm(z)),  z = x + cell(norm(x))           MLP: one hidden layer, gelu

    `norm` is layer normalisation of each step by itself, so that no step sees another one but
    through the recurrence.

    Args:
        width: D, of x and of the block's output.
        cell_size: of the cell's output.
        mixer: `glu` (Orvieto et al.) or `mlp` (Feng et al.).
        expansion: units of the MLP's hidden layer, as a multiple of D; None: 4.

    Raises:
        ValueError: an unknown mixer, an expansion below 1 or of a `glu`, or, for `mlp`, a cell
            whose output is not as wide as its input.

    Source: `glu`: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long
    sequences", section 2, figure 1 (normalisation first, as their code's `prenorm`); `mlp`: Feng
    et al. 2024, "Were RNNs all we needed?", appendix C (without its optional convolution).
    """

    def __init__(
        self,
        width: int,
        cell_size: int,
        mixer: Literal["glu", "mlp"] = "glu",
        expansion: int | None = None,
    ) -> None:
        super().__init__()
        one_of("block", ("glu", "mlp"), mixer=mixer)
        if expansion is not None and (mixer == "glu" or expansion < 1):
            raise ValueError(
                f"block: expansion must be at least 1, and only mixer=mlp has one, not {expansion}"
            )
        self.norm, self.mixer = nn.LayerNorm(width), mixer
        if mixer == "glu":
            self.mix = nn.Linear(cell_size, 2 * width)
            return
        if cell_size != width:
            raise ValueError(
                f"block: with mixer=mlp the cell's {cell_size} outputs are added to its {width} "
                "inputs; use mixer=glu, or a cell whose output is as wide as its input"
            )
        inner = (expansion or 4) * width
        self.mix = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width)
        )

    def cell_input(self, x: Float[Tensor, "*S D"]) -> Float[Tensor, "*S D"]:
        """Return what the cell sees: norm(x)."""
        return self.norm(x)

    def output(
        self, x: Float[Tensor, "*S D"], y: Float[Tensor, "*S E"], dropout: Dropout
    ) -> Float[Tensor, "*S D"]:
        """Return the block's output, of its input x and of the cell's output y."""
        if self.mixer == "glu":
            return x + dropout(glu(self.mix(dropout(gelu(y)))))
        z = x + dropout(y)
        return z + dropout(self.mix(z))
