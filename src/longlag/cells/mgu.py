"""The minimal gated unit: a GRU with one gate in place of two."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden
from longlag.cells.initial import uniform_


class MGUGates(NamedTuple):
    """The gate f, which lets in and resets, and the candidate n."""

    f: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    candidate = "n"


class MGU(AffineInputCell):
    r"""Minimal gated unit.

        f_t = sigmoid(W_f x_t + U_f h_(t-1) + b_f)               forget gate, as the paper calls it
        n_t = tanh(W_n x_t + U_n (f_t * h_(t-1)) + b_n)          candidate
        h_t = (1 - f_t) * h_(t-1) + f_t * n_t                    hidden state

    A unit keeps its past by 1 - f_t: an open gate f forgets.

    Args:
        input_size: I.
        hidden_size: H.

    Source: Zhou et al. 2016, "Minimal gated unit for recurrent neural networks".
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order f n
        self.U_f = nn.Linear(hidden_size, hidden_size, bias=False)
        self.U_n = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> MGUGates:
        """f_t and n_t."""
        u_f, u_n = u.chunk(2, dim=-1)
        f = torch.sigmoid(u_f + self.U_f(s.h))
        return MGUGates(f, torch.tanh(u_n + self.U_n(f * s.h)))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """1 - f_t keeps h."""
        return {"h": 1 - self.gates(u, s).f}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """h_t = (1 - f_t) * h_(t-1) + f_t * n_t."""
        f, n = self.gates(u, s)
        return Hidden(s.h + f * (n - s.h))
