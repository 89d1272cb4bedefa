"""The LSTM with a forget gate, as every tutorial draws it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Kernel
from longlag.cells.initial import chrono as chrono_bias
from longlag.cells.initial import uniform_


class LSTMState(NamedTuple):
    """The hidden state h (what is seen) and the cell state c (what is kept)."""

    h: Tensor
    c: Tensor


class LSTM(Cell):
    r"""Long short-term memory with a forget gate.

        f_t  = sigmoid(W_f [h_(t-1), x_t] + b_f)       forget gate
        i_t  = sigmoid(W_i [h_(t-1), x_t] + b_i)       input gate
        C~_t = tanh   (W_C [h_(t-1), x_t] + b_C)       candidate
        C_t  = f_t * C_(t-1) + i_t * C~_t              cell state
        o_t  = sigmoid(W_o [h_(t-1), x_t] + b_o)       output gate
        h_t  = o_t * tanh(C_t)                         hidden state

    W [h, x] is kept as two matrices, `rec` (4H,H) and `inp` (4H,I), rows in the order i f C~ o.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start (Gers et al. 2000; Jozefowicz et al. 2015 advise 1).
        chrono: T_max; if given, b_f = log U[1, T_max - 1] and b_i = -b_f instead
            (Tallec & Ollivier 2018, eq. 16).

    Source: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000, eqs. 2-6.
    """

    State = LSTMState

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        forget_bias: float = 1.0,
        chrono: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 4 * hidden_size)
        self.rec = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            b_i, b_f, _, _ = self.inp.bias.chunk(4)
            b_f.fill_(forget_bias)
            if chrono is not None:
                b_f.copy_(chrono_bias(hidden_size, chrono))
                b_i.copy_(-b_f)

    def project(self, x: Tensor) -> Tensor:
        """W_x x_t + b, for the four gates."""
        return self.inp(x)

    def gates(self, u: Tensor, s: LSTMState) -> dict[str, Tensor]:
        """f_t, i_t, C~_t and o_t."""
        i, f, g, o = (u + self.rec(s.h)).chunk(4, dim=-1)
        return {
            "f": torch.sigmoid(f),
            "i": torch.sigmoid(i),
            "C~": torch.tanh(g),
            "o": torch.sigmoid(o),
        }

    def step(self, u: Tensor, s: LSTMState) -> LSTMState:
        """C_t and h_t."""
        gate = self.gates(u, s)
        c = gate["f"] * s.c + gate["i"] * gate["C~"]
        return LSTMState(gate["o"] * torch.tanh(c), c)

    def kernel(self) -> Kernel:
        """torch.lstm on the same weights."""
        b_rec = torch.zeros_like(self.inp.bias)
        return Kernel("lstm", (self.inp.weight, self.rec.weight, self.inp.bias, b_rec))
