"""The GRU, its reset gate after the recurrent product (cuDNN, torch) or before it (the paper).

Both are called by the arXiv versions of the paper, which differ: version 1 resets after the
product, version 3 before it.  Keras and haste name them so; longlag names what they do.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden, Kernel
from longlag.cells.initial import uniform_


class GRUGates(NamedTuple):
    """The update gate z, the reset gate r and the candidate n."""

    z: Float[Tensor, "*S H"]
    r: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    candidate = "n"


class _Gated(AffineInputCell):
    """What both forms share: the projection, the mix and what is kept; the candidate differs."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 3 * hidden_size)  # rows in the order r z n

    @abstractmethod
    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> GRUGates:
        """Compute z_t, r_t and n_t."""

    def keep(self, u: Float[Tensor, "*S P"], s: Hidden) -> Mapping[str, Tensor]:
        """Return z_t, which keeps h."""
        return {"h": self.gates(u, s).z}

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """Compute h_t = (1 - z_t) * n_t + z_t * h_(t-1)."""
        z, _, n = self.gates(u, s)
        return Hidden(n + z * (s.h - n))


class GRU(_Gated):
    r"""Gated recurrent unit, reset after the product, as cuDNN and torch's nn.GRU compute it.

        z_t = sigmoid(W_z x_t + U_z h_(t-1) + b_z)               update gate
        r_t = sigmoid(W_r x_t + U_r h_(t-1) + b_r)               reset gate
        n_t = tanh(W_n x_t + b_n + r_t * (U_n h_(t-1) + b_U))    candidate
        h_t = (1 - z_t) * n_t + z_t * h_(t-1)                    hidden state

    Keras' `reset_after=True`; haste's and arXiv's "1406.1078v1".  W is kept as `W_x` (3H,I), U as
    `W_h` (3H,H).

    Args:
        input_size: I.
        hidden_size: H.

    Source: Cho et al. 2014 (arXiv 1406.1078v1), section 2.3; the kernels: Appleyard, Kocisky &
    Blunsom 2016, "Optimizing performance of recurrent neural networks on GPUs" (1604.01946).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_h = nn.Linear(hidden_size, 3 * hidden_size, bias=False)
        self.b_U = nn.Parameter(torch.empty(hidden_size))
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> GRUGates:
        """Compute z_t, r_t and n_t."""
        u_r, u_z, u_n = u.chunk(3, dim=-1)
        a_r, a_z, a_n = self.W_h(s.h).chunk(3, dim=-1)
        r, z = torch.sigmoid(u_r + a_r), torch.sigmoid(u_z + a_z)
        return GRUGates(z, r, torch.tanh(u_n + r * (a_n + self.b_U)))

    def kernel(self) -> Kernel:
        """Return torch.gru on the same weights."""
        b_h = torch.cat([self.b_U.new_zeros(2 * self.hidden_size), self.b_U])
        return Kernel("gru", (self.W_x.weight, self.W_h.weight, self.W_x.bias, b_h))


class GRUResetBefore(_Gated):
    r"""Gated recurrent unit, reset before the product, as the published paper has it.

        z_t, r_t                                                 as in GRU
        n_t = tanh(W_n x_t + b_n + U_n (r_t * h_(t-1)))          candidate
        h_t = (1 - z_t) * n_t + z_t * h_(t-1)                    hidden state

    Keras' `reset_after=False`; arXiv's "1406.1078v3".  No vendor has a kernel for it.

    Args:
        input_size: I.
        hidden_size: H.

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder"
    (arXiv 1406.1078v3), eqs. 5-8.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_h = nn.Linear(hidden_size, 2 * hidden_size, bias=False)  # rows in the order r z
        self.U_n = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> GRUGates:
        """Compute z_t, r_t and n_t."""
        u_r, u_z, u_n = u.chunk(3, dim=-1)
        a_r, a_z = self.W_h(s.h).chunk(2, dim=-1)
        r, z = torch.sigmoid(u_r + a_r), torch.sigmoid(u_z + a_z)
        return GRUGates(z, r, torch.tanh(u_n + self.U_n(r * s.h)))
