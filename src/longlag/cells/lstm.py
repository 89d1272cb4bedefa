"""The LSTM with a forget gate, as every tutorial draws it."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Cell, Kernel
from longlag.cells.initial import chrono as chrono_bias
from longlag.cells.initial import uniform_


class LSTMState(NamedTuple):
    """The hidden state h (what is seen) and the cell state c (what is kept)."""

    h: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]


class LSTMGates(NamedTuple):
    """The forget gate f, the input gate i, the candidate g and the output gate o."""

    f: Float[Tensor, "*S H"]
    i: Float[Tensor, "*S H"]
    g: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]
    candidate = "g"


class ForgetGated(Cell):
    """An LSTM whose forget gate keeps c: what the plain and the normalised form share."""

    State = LSTMState

    @abstractmethod
    def gates(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMGates:
        """Compute f_t, i_t, g_t and o_t."""

    def keep(self, u: Float[Tensor, "*S P"], s: LSTMState) -> Mapping[str, Tensor]:
        """Return f_t, which keeps c."""
        return {"c": self.gates(u, s).f}


class LSTM(ForgetGated, AffineInputCell):
    r"""Long short-term memory with a forget gate.

        f_t = sigmoid(W_f [h_(t-1), x_t] + b_f)        forget gate
        i_t = sigmoid(W_i [h_(t-1), x_t] + b_i)        input gate
        g_t = tanh   (W_g [h_(t-1), x_t] + b_g)        candidate, C~_t in many texts
        c_t = f_t * c_(t-1) + i_t * g_t                cell state
        o_t = sigmoid(W_o [h_(t-1), x_t] + b_o)        output gate
        h_t = o_t * tanh(c_t)                          hidden state

    W [h, x] is kept as two matrices, `W_h` (4H,H) and `W_x` (4H,I), rows in the order i f g o.

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start (Gers et al. 2000; Jozefowicz et al. 2015 advise 1).
        chrono: T_max; if given, b_f = log U[1, T_max - 1] and b_i = -b_f instead
            (Tallec & Ollivier 2018, eq. 16).

    Source: Hochreiter & Schmidhuber 1997; the forget gate: Gers, Schmidhuber & Cummins 2000,
    section 3; with tanh for both squashing functions, as in Greff et al. 2015.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        forget_bias: float = 1.0,
        chrono: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 4 * hidden_size)
        self.W_h = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            b_i, b_f, _, _ = self.W_x.bias.chunk(4)
            b_f.fill_(forget_bias)
            if chrono is not None:
                b_f.copy_(chrono_bias(hidden_size, chrono))
                b_i.copy_(-b_f)

    def gates(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMGates:
        """Compute f_t, i_t, g_t and o_t."""
        i, f, g, o = (u + self.W_h(s.h)).chunk(4, dim=-1)
        return LSTMGates(torch.sigmoid(f), torch.sigmoid(i), torch.tanh(g), torch.sigmoid(o))

    def step(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMState:
        """Compute c_t = f_t * c_(t-1) + i_t * g_t, and h_t = o_t * tanh(c_t)."""
        f, i, g, o = self.gates(u, s)
        c = f * s.c + i * g
        return LSTMState(o * torch.tanh(c), c)

    def kernel(self) -> Kernel:
        """Return torch.lstm on the same weights."""
        b_h = torch.zeros_like(self.W_x.bias)
        return Kernel("lstm", (self.W_x.weight, self.W_h.weight, self.W_x.bias, b_h))
