"""The independently recurrent network: units that remember themselves alone."""

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden
from longlag.cells.initial import uniform_


class IndRNN(Cell):
    r"""Independently recurrent network: h_t = relu(W x_t + u * h_(t-1) + b).

    u is one number a unit, so that a unit's memory decays as u^(T-t); units of a layer meet in
    the layer above.  u starts uniform in [0, 1]; nothing holds it there.

    Args:
        input_size: I.
        hidden_size: H.

    Source: Li et al. 2018, "Independently recurrent neural network (IndRNN)", section 3.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.empty(hidden_size))
        uniform_(self, hidden_size)
        nn.init.uniform_(self.u, 0.0, 1.0)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b."""
        return self.inp(x)

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """relu(W x_t + b + u * h_(t-1))."""
        return Hidden(torch.relu(u + self.u * s.h))
