"""The antisymmetric RNN: a stable differential equation, taken in small steps."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import linear

from longlag.cells.base import AffineInputCell, Hidden
from longlag.cells.initial import uniform_


class Skew(nn.Module):
    """A - A^T, where A holds H(H-1)/2 numbers on one side of its diagonal and zeros elsewhere.

    Args:
        size: H.
        side: `above` (strictly upper triangular) or `below`.
    """

    at: Int[Tensor, "2 N"]  # rows and columns of the N = H(H-1)/2 numbers

    def __init__(self, size: int, side: str) -> None:
        super().__init__()
        self.size = size
        at = (
            torch.triu_indices(size, size, 1)
            if side == "above"
            else torch.tril_indices(size, size, -1)
        )
        self.register_buffer("at", at, persistent=False)

    def forward(self, numbers: Float[Tensor, "N"]) -> Float[Tensor, "H H"]:
        """Compute A - A^T."""
        A = numbers.new_zeros(self.size, self.size).index_put((self.at[0], self.at[1]), numbers)
        return A - A.T


class AntisymmetricGates(NamedTuple):
    """The input gate of the gated form."""

    z: Float[Tensor, "*S H"]


class AntisymmetricRNN(AffineInputCell):
    r"""Euler's method on an antisymmetric flow, which neither grows nor decays.

        M   = A - A^T - gamma 1,  A strictly upper triangular
        h_t = h_(t-1) + eps * tanh(M h_(t-1) + W x_t + b)                        (eq. 12)
        z_t = sigmoid(M h_(t-1) + W_z x_t + b_z)                                 gated alone
        h_t = h_(t-1) + eps * z_t * tanh(M h_(t-1) + W x_t + b)                  (eq. 13)

    The eigenvalues of A - A^T are imaginary, i omega.  A step is stable where
    |1 + eps (-gamma + i omega)| <= 1 (proposition 2), that is 2 gamma >= eps (omega^2 + gamma^2).
    A starts as N(0, sigma^2 / H), whose largest omega is about 2 sigma: the defaults hold for
    omega up to 2.4, and training may leave that.

    Args:
        input_size: I.
        hidden_size: H; A is stored by its H(H-1)/2 numbers.
        eps: the step's size.
        gamma: diffusion.
        sigma: of A's start.
        gated: the form of eq. 13, whose gate shares M.

    Source: Chang et al. 2019, "AntisymmetricRNN: a dynamical system view on recurrent neural
    networks", sections 3.2 to 3.4, eqs. 12 and 13.  W and b start uniform in +-1/sqrt(H).
    """

    version = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        eps: float = 0.01,
        gamma: float = 0.03,
        sigma: float = 1.0,
        gated: bool = False,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if eps <= 0 or gamma < 0:
            raise ValueError(
                f"AntisymmetricRNN: eps must be positive and gamma not negative, not {eps}, {gamma}"
            )
        self.eps, self.gamma, self.gated = eps, gamma, gated
        self.W_x = nn.Linear(input_size, (1 + gated) * hidden_size)  # rows in the order h z
        uniform_(self, hidden_size)
        self.skew = Skew(hidden_size, "above")
        self.A = nn.Parameter(torch.empty(hidden_size * (hidden_size - 1) // 2))
        nn.init.normal_(self.A, 0.0, sigma * hidden_size**-0.5)

    def matrix(self) -> Float[Tensor, "H H"]:
        """Return A - A^T, of which gamma is not yet taken."""
        return self.skew(self.A)

    def gates(self, u: Float[Tensor, "*S P"], s: Hidden) -> Any:
        """Compute z_t, if there is one."""
        if not self.gated:
            return {}
        flow = linear(s.h, self.matrix()) - self.gamma * s.h
        return AntisymmetricGates(torch.sigmoid(flow + u.chunk(2, dim=-1)[1]))

    def step(self, u: Float[Tensor, "*S P"], s: Hidden) -> Hidden:
        """Take one step of Euler's method."""
        flow = linear(s.h, self.matrix()) - self.gamma * s.h
        if not self.gated:
            return Hidden(s.h + self.eps * torch.tanh(flow + u))
        u_h, u_z = u.chunk(2, dim=-1)
        return Hidden(s.h + self.eps * torch.sigmoid(flow + u_z) * torch.tanh(flow + u_h))
