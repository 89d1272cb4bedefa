"""h-detach: the gradient through h cut at random, so that the one through c is heard."""

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from longlag.cells.base import Cell
from longlag.cells.randomness import RandomSource
from longlag.cells.wrappers.base import Drawn, Wrapper, needs_h, probability


@final
class HDetach(Wrapper):
    r"""An LSTM whose gradient through h is cut at random steps; that through c never is.

        k_t ~ Bernoulli(p)                                       one for each step
        s_t = cell(x_t, (k_t ? stop_gradient(h_(t-1)) : h_(t-1), c_(t-1)))   in training

    No value changes, in training or eval; in eval no gradient does either.

    Args:
        input_size: I.
        hidden_size: H.
        cell: makes the cell that is wrapped; it must have an h and another part beside it.
        p: how often the gradient is cut.
        seed: of k; None: drawn itself, once, with the weights.

    Raises:
        ValueError: p outside [0, 1], or a state without h or with nothing else.

    Source: Arpit et al. 2019, "h-detach: modifying the LSTM gradient towards better
    optimization", algorithm 1.
    """

    version = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: Callable[[int, int], Cell],
        p: float = 0.25,
        seed: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, cell)
        self.source = RandomSource(seed)
        probability("HDetach", "p", p)
        needs_h("HDetach", self.cell)
        if len(self.State._fields) < 2:
            raise ValueError(
                f"HDetach: {type(self.cell).__name__} has no state beside h, whose gradient would "
                "be all that is left; wrap an LSTM"
            )
        self.p = p
        self.columns = (1,)  # whether h is open

    def drawn(self, x: Float[Tensor, "*S I"]) -> Drawn:
        """Draw 1 - k_t, the same for every sequence."""
        T, B, _ = x.shape
        return x, [(self.source.uniform(T, 1, 1) >= self.p).float().expand(T, B, 1)]

    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Make the cell's step from h or from a constant like it."""
        own, *is_open = self.split(u)
        if is_open:
            s = s._replace(h=torch.where(is_open[0] > 0.5, s.h, s.h.detach()))
        return self.cell.step(own, s)
