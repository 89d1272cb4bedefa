"""JANET: an LSTM with nothing but its forget gate."""

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden
from longlag.cells.initial import chrono as chrono_bias
from longlag.cells.initial import uniform_


class JANET(Cell):
    r"""Just another network: the forget gate alone.

        a_t  = W_f x_t + U_f h_(t-1) + b_f
        f_t  = sigmoid(a_t)                                      forget gate
        i_t  = 1 - sigmoid(a_t - beta)                           what is let in
        h~_t = tanh(W_h x_t + U_h h_(t-1) + b_h)                 candidate
        h_t  = f_t * h_(t-1) + i_t * h~_t                        hidden state

    Args:
        input_size: I.
        hidden_size: H.
        beta: how much more is let in than is forgotten.
        forget_bias: b_f at the start.
        chrono: T_max; if given, b_f = log U[1, T_max - 1] instead, as the paper does.

    Source: van der Westhuizen & Lasenby 2018, "The unreasonable effectiveness of the forget
    gate".
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        beta: float = 1.0,
        forget_bias: float = 1.0,
        chrono: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.beta = beta
        self.inp = nn.Linear(input_size, 2 * hidden_size)  # rows in the order f h~
        self.rec = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            b_f, _ = self.inp.bias.chunk(2)
            b_f.fill_(forget_bias)
            if chrono is not None:
                b_f.copy_(chrono_bias(hidden_size, chrono))

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the gate and the candidate."""
        return self.inp(x)

    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """f_t, i_t and h~_t."""
        a, h = (u + self.rec(s.h)).chunk(2, dim=-1)
        return {"f": torch.sigmoid(a), "i": 1 - torch.sigmoid(a - self.beta), "h~": torch.tanh(h)}

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """h_t = f_t h_(t-1) + i_t h~_t."""
        gate = self.gates(u, s)
        return Hidden(gate["f"] * s.h + gate["i"] * gate["h~"])
