"""The update-gate RNN: a vanilla RNN that may keep what it had."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden
from longlag.cells.initial import uniform_


class UGRNNGates(NamedTuple):
    """The update gate g and the candidate c."""

    g: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]
    candidate = "c"


class UGRNN(AffineInputCell):
    r"""Update-gate RNN.

        c_t = tanh(W_c x_t + U_c h_(t-1) + b_c)                  candidate
        g_t = sigmoid(W_g x_t + U_g h_(t-1) + b_g)               update gate
        h_t = g_t * h_(t-1) + (1 - g_t) * c_t                    hidden state

    Args:
        input_size: I.
        hidden_size: H.
        gate_bias: b_g at the start, which the paper tunes.

    Source: Collins, Sohl-Dickstein & Sussillo 2016, "Capacity and trainability in recurrent
    neural networks", section 1.4, eqs. 2-4.
    """

    def __init__(self, input_size: int, hidden_size: int, gate_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order g c
        self.W_h = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.W_x.bias[:hidden_size].fill_(gate_bias)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> UGRNNGates:
        """g_t and c_t."""
        g, c = (u + self.W_h(s.h)).chunk(2, dim=-1)
        return UGRNNGates(torch.sigmoid(g), torch.tanh(c))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """g_t keeps h."""
        return {"h": self.gates(u, s).g}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """h_t = g_t * h_(t-1) + (1 - g_t) * c_t."""
        g, c = self.gates(u, s)
        return Hidden(c + g * (s.h - c))
