"""The update-gate RNN: a vanilla RNN that may keep what it had."""

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden
from longlag.cells.initial import uniform_


class UGRNN(Cell):
    r"""Update-gate RNN.

        c_t = tanh(W_c x_t + U_c h_(t-1) + b_c)                  candidate
        g_t = sigmoid(W_g x_t + U_g h_(t-1) + b_g)               update gate
        h_t = g_t * h_(t-1) + (1 - g_t) * c_t                    hidden state

    Args:
        input_size: I.
        hidden_size: H.
        gate_bias: b_g at the start.

    Source: Collins, Sohl-Dickstein & Sussillo 2016, "Capacity and trainability in recurrent
    neural networks".
    """

    def __init__(self, input_size: int, hidden_size: int, gate_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 2 * hidden_size)  # rows in the order g c
        self.rec = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.inp.bias[:hidden_size].fill_(gate_bias)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the gate and the candidate."""
        return self.inp(x)

    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """g_t and c_t."""
        g, c = (u + self.rec(s.h)).chunk(2, dim=-1)
        return {"g": torch.sigmoid(g), "c": torch.tanh(c)}

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """h_t = g_t h_(t-1) + (1 - g_t) c_t."""
        gate = self.gates(u, s)
        return Hidden(gate["c"] + gate["g"] * (s.h - gate["c"]))
