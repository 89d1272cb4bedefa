"""Dropout between layers, whose masks follow from the seed of the weights."""

from typing import final

from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.randomness import RandomSource


@final
class Dropout(nn.Module):
    r"""Zero each number with probability p while training, scale the rest by 1 / (1 - p).

    As torch's nn.Dropout, but drawn from a generator of its own: the same config gives the same
    outputs, whatever else the process has drawn.

    Args:
        p: in [0, 1).

    Raises:
        ValueError: p outside of that.

    Source: Srivastava et al. 2014; between layers alone: Zaremba, Sutskever & Vinyals 2014.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout must lie in [0, 1), not {p}")
        self.p, self.source = p, RandomSource() if p else None

    def forward(self, x: Float[Tensor, "*S D"]) -> Float[Tensor, "*S D"]:
        """Drop in training; in eval, or at p = 0, return x itself."""
        if self.source is None or not self.training:
            return x
        return x * ((self.source.uniform(*x.shape) >= self.p).to(x) / (1 - self.p))
