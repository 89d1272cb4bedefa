"""The structurally constrained network: a fast hidden state beside a slow context."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell
from longlag.cells.initial import uniform_


class Context(NamedTuple):
    """The fast hidden state h and the slow context s."""

    h: Float[Tensor, "*S H"]
    s: Float[Tensor, "*S H"]


class SCRN(AffineInputCell):
    r"""Structurally constrained recurrent network.

        s_t = (1 - alpha) * B x_t + alpha * s_(t-1)              context
        h_t = sigmoid(P s_t + A x_t + R h_(t-1))                 hidden state
        y_t = [h_t, s_t]                                         both are seen

    Args:
        input_size: I.
        hidden_size: H, of h and of s.
        alpha: what the context keeps, in [0, 1).

    Source: Mikolov et al. 2014, "Learning longer memory in recurrent neural networks", eqs. 4-6.
    """

    State = Context

    def __init__(self, input_size: int, hidden_size: int, alpha: float = 0.95) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 <= alpha < 1:
            raise ValueError(f"SCRN: alpha must lie in [0, 1), not {alpha}")
        self.alpha = alpha
        self.W_x = nn.Linear(input_size, 2 * hidden_size, bias=False)  # rows in the order A B
        self.P = nn.Linear(hidden_size, hidden_size, bias=False)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    @property
    def output_size(self) -> int:
        """Return D = 2H: the hidden state and the context."""
        return 2 * self.hidden_size

    def keep(self, u: Float[Tensor, "*S P"], s: Context) -> Mapping[str, Tensor]:
        """Return alpha, which keeps s."""
        return {"s": torch.full_like(s.s, self.alpha)}

    def step(self, u: Float[Tensor, "*S P"], s: Context) -> Context:
        """Compute the context, then the hidden state with it."""
        a, b = u.chunk(2, dim=-1)
        context = (1 - self.alpha) * b + self.alpha * s.s
        return Context(torch.sigmoid(self.P(context) + a + self.R(s.h)), context)

    def readout(self, s: Context, u: Float[Tensor, "*S P"]) -> Float[Tensor, "*S D"]:
        """Return [h_t, s_t]."""
        return torch.cat([s.h, s.s], dim=-1)
