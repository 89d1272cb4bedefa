"""The LSTM whose sums are normalised before the gates see them."""

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.cells.initial import uniform_
from longlag.cells.lstm import LSTMState


class LayerNormLSTM(Cell):
    r"""Layer-normalised LSTM; N is layer normalisation with a gain of its own.

        (i, f, C~, o) = N_x(W x_t) + N_h(U h_(t-1)) + b          before sigmoid and tanh
        C_t = sigmoid(f) * C_(t-1) + sigmoid(i) * tanh(C~)       cell state
        h_t = sigmoid(o) * tanh(N_c(C_t) + b_c)                  hidden state

    N_x and N_h span the 4H sums together.  Their shifts would only add to b, and are left out.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Ba, Kiros & Hinton 2016, "Layer normalization", supplement: LSTM.
    """

    State = LSTMState

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 4 * hidden_size, bias=False)
        self.rec = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        self.norm_x = nn.LayerNorm(4 * hidden_size, bias=False)
        self.norm_h = nn.LayerNorm(4 * hidden_size, bias=False)
        self.norm_c = nn.LayerNorm(hidden_size)
        self.b = nn.Parameter(torch.zeros(4 * hidden_size))
        with torch.no_grad():
            self.b.chunk(4)[1].fill_(forget_bias)

    def project(self, x: Tensor) -> Tensor:
        """N_x(W x_t) + b."""
        return self.norm_x(self.inp(x)) + self.b

    def gates(self, u: Tensor, s: LSTMState) -> dict[str, Tensor]:
        """f_t, i_t, C~_t and o_t."""
        i, f, g, o = (u + self.norm_h(self.rec(s.h))).chunk(4, dim=-1)
        i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
        return {"f": f, "i": i, "C~": torch.tanh(g), "o": o}

    def step(self, u: Tensor, s: LSTMState) -> LSTMState:
        """C_t and h_t."""
        gate = self.gates(u, s)
        c = gate["f"] * s.c + gate["i"] * gate["C~"]
        return LSTMState(gate["o"] * torch.tanh(self.norm_c(c)), c)
