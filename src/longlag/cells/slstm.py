"""The scalar LSTM of xLSTM: exponential gates, a normaliser and a stabiliser."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from longlag.cells.base import Cell
from longlag.cells.initial import uniform_


class SLSTMState(NamedTuple):
    """Hidden state h, cell state c, normaliser n and stabiliser m (the log of the scale)."""

    h: Tensor
    c: Tensor
    n: Tensor
    m: Tensor


class SLSTM(Cell):
    r"""LSTM with exponential input gate; its sums are kept scaled by exp(-m_t).

        i~_t = W_i x_t + U_i h_(t-1) + b_i                       log of the input gate
        f~_t = log sigmoid(W_f x_t + U_f h_(t-1) + b_f)          log of the forget gate
        m_t  = max(f~_t + m_(t-1), i~_t)                         stabiliser
        i_t  = exp(i~_t - m_t),  f_t = exp(f~_t + m_(t-1) - m_t)
        c_t  = f_t * c_(t-1) + i_t * tanh(W_z x_t + U_z h_(t-1) + b_z)
        n_t  = f_t * n_(t-1) + i_t                               normaliser
        h_t  = sigmoid(W_o x_t + U_o h_(t-1) + b_o) * c_t / n_t

    One head: U mixes all units.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Beck et al. 2024, "xLSTM: extended long short-term memory", eqs. 8-17.
    """

    State = SLSTMState

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 4 * hidden_size)  # rows in the order i f z o
        self.rec = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.inp.bias.chunk(4)[1].fill_(forget_bias)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the gates and the candidate."""
        return self.inp(x)

    def inside(self, u: Tensor, s: SLSTMState) -> tuple[dict[str, Tensor], Tensor]:
        """The scaled gates, the candidate, and m_t."""
        i, f, z, o = (u + self.rec(s.h)).chunk(4, dim=-1)
        kept = s.m - softplus(-f)  # log sigmoid(f) + m_(t-1)
        m = torch.maximum(kept, i)
        i, f = torch.exp(i - m), torch.exp(kept - m)
        return {"f": f, "i": i, "z": torch.tanh(z), "o": torch.sigmoid(o)}, m

    def gates(self, u: Tensor, s: SLSTMState) -> dict[str, Tensor]:
        """f_t and i_t as scaled by the stabiliser, z_t and o_t."""
        return self.inside(u, s)[0]

    def step(self, u: Tensor, s: SLSTMState) -> SLSTMState:
        """h_t, c_t, n_t and m_t."""
        gate, m = self.inside(u, s)
        c = gate["f"] * s.c + gate["i"] * gate["z"]
        n = gate["f"] * s.n + gate["i"]
        return SLSTMState(gate["o"] * c / n, c, n, m)
