"""The minimal gated unit: a GRU with one gate in place of two."""

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden
from longlag.cells.initial import uniform_


class MGU(Cell):
    r"""Minimal gated unit.

        f_t  = sigmoid(W_f x_t + U_f h_(t-1) + b_f)              forget gate
        h~_t = tanh(W_h x_t + U_h (f_t * h_(t-1)) + b_h)         candidate
        h_t  = (1 - f_t) * h_(t-1) + f_t * h~_t                  hidden state

    Args:
        input_size: I.
        hidden_size: H.

    Source: Zhou et al. 2016, "Minimal gated unit for recurrent neural networks".
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 2 * hidden_size)  # rows in the order f h~
        self.rec_f = nn.Linear(hidden_size, hidden_size, bias=False)
        self.rec_h = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the gate and the candidate."""
        return self.inp(x)

    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """f_t and h~_t."""
        u_f, u_h = u.chunk(2, dim=-1)
        f = torch.sigmoid(u_f + self.rec_f(s.h))
        return {"f": f, "h~": torch.tanh(u_h + self.rec_h(f * s.h))}

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """h_t = (1 - f_t) h_(t-1) + f_t h~_t."""
        gate = self.gates(u, s)
        return Hidden(s.h + gate["f"] * (gate["h~"] - s.h))
