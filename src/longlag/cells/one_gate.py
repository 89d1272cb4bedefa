"""One gate in place of several: JANET, the minimal gated unit and the update-gate RNN."""

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
        """Compute f_t, i_t and g_t."""
        a, g = (u + self.W_h(s.h)).chunk(2, dim=-1)
        return JANETGates(torch.sigmoid(a), 1 - torch.sigmoid(a - self.beta), torch.tanh(g))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """Return f_t, which keeps h."""
        return {"h": self.gates(u, s).f}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """Compute h_t = f_t * h_(t-1) + i_t * g_t."""
        f, i, g = self.gates(u, s)
        return Hidden(f * s.h + i * g)


class MGUGates(NamedTuple):
    """The gate f, which lets in and resets, and the candidate n."""

    f: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    candidate = "n"


class MGU(AffineInputCell):
    r"""Minimal gated unit.

        f_t = sigmoid(W_f x_t + U_f h_(t-1) + b_f)               forget gate, as the paper calls it
        n_t = tanh(W_n x_t + U_n (f_t * h_(t-1)) + b_n)          candidate
        h_t = (1 - f_t) * h_(t-1) + f_t * n_t                    hidden state

    A unit keeps its past by 1 - f_t: an open gate f forgets.

    Args:
        input_size: I.
        hidden_size: H.

    Source: Zhou et al. 2016, "Minimal gated unit for recurrent neural networks".
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order f n
        self.U_f = nn.Linear(hidden_size, hidden_size, bias=False)
        self.U_n = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> MGUGates:
        """Compute f_t and n_t."""
        u_f, u_n = u.chunk(2, dim=-1)
        f = torch.sigmoid(u_f + self.U_f(s.h))
        return MGUGates(f, torch.tanh(u_n + self.U_n(f * s.h)))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """Return 1 - f_t, which keeps h."""
        return {"h": 1 - self.gates(u, s).f}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """Compute h_t = (1 - f_t) * h_(t-1) + f_t * n_t."""
        f, n = self.gates(u, s)
        return Hidden(s.h + f * (n - s.h))


class UGRNNGates(NamedTuple):
    """The update gate g and the candidate c."""

    g: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]
    candidate = "c"


class UGRNN(AffineInputCell):
    r"""Update-gate RNN.

        c_t = tanh(W_c x_t + U_c h_(t-1) + b_c)                  candidate
        g_t = sigmoid(W_g x_t + U_g h_(t-1) + b_g)               update gate
        h_t = g_t * h_(t-1) + (1 - g_t) * c_t                    hidden state

    Args:
        input_size: I.
        hidden_size: H.
        gate_bias: b_g at the start, which the paper tunes.

    Source: Collins, Sohl-Dickstein & Sussillo 2016, "Capacity and trainability in recurrent
    neural networks", section 1.4, eqs. 2-4.
    """

    def __init__(self, input_size: int, hidden_size: int, gate_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order g c
        self.W_h = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.W_x.bias[:hidden_size].fill_(gate_bias)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> UGRNNGates:
        """Compute g_t and c_t."""
        g, c = (u + self.W_h(s.h)).chunk(2, dim=-1)
        return UGRNNGates(torch.sigmoid(g), torch.tanh(c))

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """Return g_t, which keeps h."""
        return {"h": self.gates(u, s).g}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """Compute h_t = g_t * h_(t-1) + (1 - g_t) * c_t."""
        g, c = self.gates(u, s)
        return Hidden(c + g * (s.h - c))
