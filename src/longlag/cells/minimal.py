"""GRU and LSTM with gates of the input alone: elementwise-linear recurrences, run by a scan."""

import torch
from torch import Tensor, nn

from longlag.cells.base import LinearCell
from longlag.cells.initial import uniform_


class MinGRU(LinearCell):
    r"""Minimal GRU: the gate and the candidate see x_t alone.

        z_t  = sigmoid(W_z x_t + b_z)                            update gate
        h~_t = W_h x_t + b_h                                     candidate
        h_t  = (1 - z_t) * h_(t-1) + z_t * h~_t                  hidden state

    Args:
        input_size: I.
        hidden_size: H.

    Source: Feng et al. 2024, "Were RNNs all we needed?", section 3.1.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 2 * hidden_size)  # rows in the order z h~
        uniform_(self, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the gate and the candidate."""
        return self.inp(x)

    def gates(self, u: Tensor, s: object) -> dict[str, Tensor]:
        """z_t and h~_t."""
        z, candidate = u.chunk(2, dim=-1)
        return {"z": torch.sigmoid(z), "h~": candidate}

    def coefficients(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """1 - z_t and z_t * h~_t."""
        gate = self.gates(u, None)
        return 1 - gate["z"], gate["z"] * gate["h~"]


class MinLSTM(LinearCell):
    r"""Minimal LSTM: gates of x_t alone, made to sum to one.

        f_t  = sigmoid(W_f x_t + b_f)                            forget gate
        i_t  = sigmoid(W_i x_t + b_i)                            input gate
        h~_t = W_h x_t + b_h                                     candidate
        h_t  = (f_t * h_(t-1) + i_t * h~_t) / (f_t + i_t)        hidden state

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Feng et al. 2024, "Were RNNs all we needed?", section 3.2, the normalised form.
    """

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 3 * hidden_size)  # rows in the order f i h~
        uniform_(self, hidden_size)
        with torch.no_grad():
            self.inp.bias[:hidden_size].fill_(forget_bias)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for both gates and the candidate."""
        return self.inp(x)

    def gates(self, u: Tensor, s: object) -> dict[str, Tensor]:
        """f_t and i_t, which sum to one, and h~_t."""
        f, i, candidate = u.chunk(3, dim=-1)
        f, i = torch.sigmoid(f), torch.sigmoid(i)
        return {"f": f / (f + i), "i": i / (f + i), "h~": candidate}

    def coefficients(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """f_t and i_t * h~_t."""
        gate = self.gates(u, None)
        return gate["f"], gate["i"] * gate["h~"]
