"""The antisymmetric RNN: a stable differential equation, taken in small steps."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from longlag.cells.base import Cell, Hidden
from longlag.cells.initial import uniform_


class AntisymmetricRNN(Cell):
    r"""h_t = h_(t-1) + eps * tanh((U - U^T - gamma 1) h_(t-1) + W x_t + b).

    The eigenvalues of U - U^T are imaginary: without gamma the flow neither grows nor decays.

    Args:
        input_size: I.
        hidden_size: H.
        eps: the step's size.
        gamma: diffusion, which keeps Euler's method stable.

    Source: Chang et al. 2019, "AntisymmetricRNN: a dynamical system view on recurrent neural
    networks", section 3.
    """

    def __init__(
        self, input_size: int, hidden_size: int, eps: float = 0.1, gamma: float = 0.01
    ) -> None:
        super().__init__(input_size, hidden_size)
        if eps <= 0 or gamma < 0:
            raise ValueError(
                f"AntisymmetricRNN: eps must be positive and gamma not negative, not {eps}, {gamma}"
            )
        self.eps, self.gamma = eps, gamma
        self.inp = nn.Linear(input_size, hidden_size)
        self.U = nn.Parameter(torch.empty(hidden_size, hidden_size))
        uniform_(self, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b."""
        return self.inp(x)

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """One step of Euler's method."""
        turned = linear(s.h, self.U - self.U.T) - self.gamma * s.h
        return Hidden(s.h + self.eps * torch.tanh(turned + u))
