"""The LSTM whose sums are normalised before the gates see them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.initial import uniform_
from longlag.cells.lstm import ForgetGated, LSTMGates, LSTMState


class LayerNormLSTM(ForgetGated):
    r"""Layer-normalised LSTM; N is layer normalisation with a gain of its own.

        (i, f, g, o) = N_x(W_x x_t) + N_h(W_h h_(t-1)) + b       before sigmoid and tanh
        c_t = sigmoid(f) * c_(t-1) + sigmoid(i) * tanh(g)        cell state
        h_t = sigmoid(o) * tanh(N_c(c_t) + b_c)                  hidden state

    N_x and N_h span the 4H sums together.  Their shifts would only add to b, and are left out.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Ba, Kiros & Hinton 2016, "Layer normalization", supplement: LSTM.
    """

    version = 2

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 4 * hidden_size, bias=False)
        self.W_h = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        self.N_x = nn.LayerNorm(4 * hidden_size, bias=False)
        self.N_h = nn.LayerNorm(4 * hidden_size, bias=False)
        self.N_c = nn.LayerNorm(hidden_size)
        self.b = nn.Parameter(torch.zeros(4 * hidden_size))
        with torch.no_grad():
            self.b.chunk(4)[1].fill_(forget_bias)

    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Compute N_x(W_x x_t) + b."""
        return self.N_x(self.W_x(x)) + self.b

    def gates(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMGates:
        """Compute f_t, i_t, g_t and o_t."""
        i, f, g, o = (u + self.N_h(self.W_h(s.h))).chunk(4, dim=-1)
        return LSTMGates(torch.sigmoid(f), torch.sigmoid(i), torch.tanh(g), torch.sigmoid(o))

    def step(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMState:
        """Compute c_t and h_t."""
        f, i, g, o = self.gates(u, s)
        c = f * s.c + i * g
        return LSTMState(o * torch.tanh(self.N_c(c)), c)
