"""JANET: an LSTM with nothing but its forget gate."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden
from longlag.cells.initial import chrono as chrono_bias
from longlag.cells.initial import uniform_


class JANETGates(NamedTuple):
    """The forget gate f, the share i that is let in, and the candidate g."""

    f: Float[Tensor, "*S H"]
    i: Float[Tensor, "*S H"]
    g: Float[Tensor, "*S H"]
    candidate = "g"


class JANET(AffineInputCell):
    r"""Just another network: the forget gate alone.

        a_t = W_f x_t + U_f h_(t-1) + b_f
        f_t = sigmoid(a_t)                                       forget gate
        i_t = 1 - sigmoid(a_t - beta)                            input gate
        g_t = tanh(W_g x_t + U_g h_(t-1) + b_g)                  candidate
        h_t = f_t * h_(t-1) + i_t * g_t                          hidden state

    Args:
        input_size: I.
        hidden_size: H.
        beta: offset subtracted from the forget pre-activation to obtain the input gate.
        forget_bias: b_f at the start.
        chrono: T_max; if given, b_f = log U[1, T_max - 1] instead, as the paper does.

    Source: van der Westhuizen & Lasenby 2018, "The unreasonable effectiveness of the forget
    gate", section 3; its weights start by Glorot's rule, here uniform in +-1/sqrt(H).
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
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order f g
        self.W_h = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            b_f, _ = self.W_x.bias.chunk(2)
            b_f.fill_(forget_bias)
            if chrono is not None:
                b_f.copy_(chrono_bias(hidden_size, chrono))

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> JANETGates:
        """f_t, i_t and g_t."""
        a, g = (u + self.W_h(s.h)).chunk(2, dim=-1)
        return JANETGates(torch.sigmoid(a), 1 - torch.sigmoid(a - self.beta), torch.tanh(g))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """f_t keeps h."""
        return {"h": self.gates(u, s).f}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """h_t = f_t * h_(t-1) + i_t * g_t."""
        f, i, g = self.gates(u, s)
        return Hidden(f * s.h + i * g)
