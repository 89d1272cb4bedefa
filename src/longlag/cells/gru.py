"""The GRU, as its paper wrote it (v1) and as the vendors built it (v3)."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden, Kernel
from longlag.cells.initial import uniform_


class _Gated(Cell):
    """What both forms share: the weights, the two gates and the mix; the candidate differs."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, 3 * hidden_size)  # rows in the order r z h~

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for both gates and the candidate."""
        return self.inp(x)

    @abstractmethod
    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """z_t, r_t and h~_t."""

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """h_t = (1 - z_t) h~_t + z_t h_(t-1)."""
        gate = self.gates(u, s)
        return Hidden(gate["h~"] + gate["z"] * (s.h - gate["h~"]))


class GRU(_Gated):
    r"""Gated recurrent unit, reset after the product (v3: cuDNN, torch's nn.GRU).

        z_t  = sigmoid(W_z x_t + U_z h_(t-1) + b_z)              update gate
        r_t  = sigmoid(W_r x_t + U_r h_(t-1) + b_r)              reset gate
        h~_t = tanh(W_h x_t + b_h + r_t * (U_h h_(t-1) + b_U))   candidate
        h_t  = (1 - z_t) * h~_t + z_t * h_(t-1)                  hidden state

    Args:
        input_size: I.
        hidden_size: H.

    Source: Cho et al. 2014, section 2.3, with the candidate of Chetlur et al. 2014 (cuDNN).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.rec = nn.Linear(hidden_size, 3 * hidden_size, bias=False)
        self.b_U = nn.Parameter(torch.empty(hidden_size))
        uniform_(self, hidden_size)

    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """z_t, r_t and h~_t."""
        u_r, u_z, u_h = u.chunk(3, dim=-1)
        a_r, a_z, a_h = self.rec(s.h).chunk(3, dim=-1)
        r, z = torch.sigmoid(u_r + a_r), torch.sigmoid(u_z + a_z)
        return {"z": z, "r": r, "h~": torch.tanh(u_h + r * (a_h + self.b_U))}

    def kernel(self) -> Kernel:
        """torch.gru on the same weights."""
        b_rec = torch.cat([self.b_U.new_zeros(2 * self.hidden_size), self.b_U])
        return Kernel("gru", (self.inp.weight, self.rec.weight, self.inp.bias, b_rec))


class GRUv1(_Gated):
    r"""Gated recurrent unit, reset before the product (v1: the paper's).

        z_t, r_t                                                 as in GRU
        h~_t = tanh(W_h x_t + b_h + U_h (r_t * h_(t-1)))         candidate
        h_t  = (1 - z_t) * h~_t + z_t * h_(t-1)                  hidden state

    Args:
        input_size: I.
        hidden_size: H.

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder",
    eqs. 5-8.  No vendor has a kernel for it.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.rec = nn.Linear(hidden_size, 2 * hidden_size, bias=False)
        self.rec_h = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def gates(self, u: Tensor, s: Hidden) -> dict[str, Tensor]:
        """z_t, r_t and h~_t."""
        u_r, u_z, u_h = u.chunk(3, dim=-1)
        a_r, a_z = self.rec(s.h).chunk(2, dim=-1)
        r, z = torch.sigmoid(u_r + a_r), torch.sigmoid(u_z + a_z)
        return {"z": z, "r": r, "h~": torch.tanh(u_h + self.rec_h(r * s.h))}
