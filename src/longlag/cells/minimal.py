"""GRU and LSTM with gates of the input alone: elementwise-linear recurrences, run by a scan.

Both are the papers' vanilla forms.  Its experiments train the log-space form, whose candidate is
g(W x + b) with g(a) = a + 1/2 for a >= 0 and sigmoid(a) below, so that the state stays positive;
and they stand in blocks (model=block with mixer=mlp), three of them for selective copying.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, LinearCell
from longlag.cells.initial import uniform_


class MinGRUGates(NamedTuple):
    """The update gate z and the candidate n."""

    z: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    candidate = "n"


class MinGRU(AffineInputCell, LinearCell):
    r"""Minimal GRU: the gate and the candidate see x_t alone.

        z_t = sigmoid(W_z x_t + b_z)                             update gate
        n_t = W_n x_t + b_n                                      candidate
        h_t = (1 - z_t) * h_(t-1) + z_t * n_t                    hidden state

    A unit keeps its past by 1 - z_t: the letters are not those of the GRU.

    Args:
        input_size: I.
        hidden_size: H.

    Source: Feng et al. 2024, "Were RNNs all we needed?", section 3.1.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 2 * hidden_size)  # rows in the order z n
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: object) -> MinGRUGates:
        """Compute z_t and n_t."""
        z, n = u.chunk(2, dim=-1)
        return MinGRUGates(torch.sigmoid(z), n)

    def coefficients(
        self, u: Float[Tensor, "*S P"]
    ) -> tuple[Float[Tensor, "*S H"], Float[Tensor, "*S H"]]:
        """Compute 1 - z_t and z_t * n_t."""
        z, n = self.gates(u, None)
        return 1 - z, z * n


class MinLSTMGates(NamedTuple):
    """The forget gate f and the input gate i, which sum to one, and the candidate n."""

    f: Float[Tensor, "*S H"]
    i: Float[Tensor, "*S H"]
    n: Float[Tensor, "*S H"]
    candidate = "n"


class MinLSTM(AffineInputCell, LinearCell):
    r"""Minimal LSTM: gates of x_t alone, made to sum to one.

        f_t = sigmoid(W_f x_t + b_f)                             forget gate
        i_t = sigmoid(W_i x_t + b_i)                             input gate
        n_t = W_n x_t + b_n                                      candidate
        h_t = (f_t * h_(t-1) + i_t * n_t) / (f_t + i_t)          hidden state

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start; 1 is longlag's own default.

    Source: Feng et al. 2024, "Were RNNs all we needed?", the normalised form: section 3.2.3 in
    arXiv versions 1 and 2, appendix A.1.2 in version 3.
    """

    version = 2

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 3 * hidden_size)  # rows in the order f i n
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.W_x.bias[:hidden_size].fill_(forget_bias)

    def gates(self, u: Float[Tensor, "*S P"], s: object) -> MinLSTMGates:
        """Compute f_t and i_t, which sum to one, and n_t."""
        f, i, n = u.chunk(3, dim=-1)
        f, i = torch.sigmoid(f), torch.sigmoid(i)
        return MinLSTMGates(f / (f + i), i / (f + i), n)

    def coefficients(
        self, u: Float[Tensor, "*S P"]
    ) -> tuple[Float[Tensor, "*S H"], Float[Tensor, "*S H"]]:
        """Compute f_t and i_t * n_t."""
        f, i, n = self.gates(u, None)
        return f, i * n
