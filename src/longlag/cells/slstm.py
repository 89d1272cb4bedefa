"""The scalar LSTM of xLSTM: exponential gates, a normaliser and a stabiliser."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from longlag.cells.base import AffineInputCell
from longlag.cells.initial import uniform_

EMPTY = -1e30  # m_0: the log of a scale of nothing, finite in every float but half


class SLSTMState(NamedTuple):
    """Hidden state h, cell state c, normaliser n and stabiliser m (the log of the scale)."""

    h: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    m: Float[Tensor, "*S H"]


class SLSTMGates(NamedTuple):
    """The gates f and i as scaled by the stabiliser, the candidate z and the output gate o."""

    f: Float[Tensor, "*S H"]
    i: Float[Tensor, "*S H"]
    z: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]
    candidate = "z"


class SLSTM(AffineInputCell):
    r"""LSTM with exponential input gate; its sums are kept scaled by exp(-m_t).

        i~_t = W_i x_t + U_i h_(t-1) + b_i                       log of the input gate
        f~_t = log sigmoid(W_f x_t + U_f h_(t-1) + b_f)          log of the forget gate
        m_t  = max(f~_t + m_(t-1), i~_t)                         stabiliser, m_0 = -infinity
        i_t  = exp(i~_t - m_t),  f_t = exp(f~_t + m_(t-1) - m_t)
        c_t  = f_t * c_(t-1) + i_t * tanh(W_z x_t + U_z h_(t-1) + b_z)
        n_t  = f_t * n_(t-1) + i_t                               normaliser
        h_t  = sigmoid(W_o x_t + U_o h_(t-1) + b_o) * c_t / n_t

    One head: U mixes all units.  b_f starts at `forget_bias` for all units (the paper's spreads
    over them by a power law) and U as the other weights (the paper's at zero); b_i has no effect,
    since c and n scale alike.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Beck et al. 2024, "xLSTM: extended long short-term memory", eqs. 8-17; m_1 = i~_1, as in
    its code.
    """

    State = SLSTMState
    version = 2

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 4 * hidden_size)  # rows in the order i f z o
        self.W_h = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.W_x.bias.chunk(4)[1].fill_(forget_bias)

    def init_state(self, batch_size: int) -> SLSTMState:
        """Return zeros; m is the log of a scale, and starts at that of nothing."""
        zeros = self.W_x.weight.new_zeros(batch_size, self.hidden_size)
        return SLSTMState(zeros, zeros.clone(), zeros.clone(), torch.full_like(zeros, EMPTY))

    def inside(self, u: Float[Tensor, "*S P"], s: SLSTMState) -> tuple[SLSTMGates, Tensor]:
        """Compute the scaled gates, the candidate, and m_t."""
        i, f, z, o = (u + self.W_h(s.h)).chunk(4, dim=-1)
        kept = s.m - softplus(-f)  # log sigmoid(f) + m_(t-1)
        m = torch.maximum(kept, i)
        i, f = torch.exp(i - m), torch.exp(kept - m)
        return SLSTMGates(f, i, torch.tanh(z), torch.sigmoid(o)), m

    def gates(self, u: Float[Tensor, "*S P"], s: SLSTMState) -> SLSTMGates:
        """Compute f_t and i_t as scaled by the stabiliser, z_t and o_t."""
        return self.inside(u, s)[0]

    def keep(self, u: Float[Tensor, "*S P"], s: SLSTMState) -> Mapping[str, Tensor]:
        """Return f_t n_(t-1) / n_t, by which the mean c / n keeps its past; 1 while n is 0.

        Not f_t: the normaliser forgets too, and the stabiliser's changes are no forgetting.
        """
        f, i, _, _ = self.gates(u, s)
        share = f * s.n / (f * s.n + i)
        return {"c": torch.where(s.n == 0, 1.0, share)}

    def step(self, u: Float[Tensor, "*S P"], s: SLSTMState) -> SLSTMState:
        """Compute h_t, c_t, n_t and m_t."""
        (f, i, z, o), m = self.inside(u, s)
        c = f * s.c + i * z
        n = f * s.n + i
        return SLSTMState(o * c / n, c, n, m)
