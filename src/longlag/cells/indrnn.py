"""The independently recurrent network: units that remember themselves alone."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden
from longlag.cells.initial import uniform_


class IndRNN(AffineInputCell):
    r"""Independently recurrent network: h_t = relu(W x_t + u * h_(t-1) + b).

    u is one number a unit, so that a unit's memory decays as u^(T-t); units of a layer meet in
    the layer above, for which the paper uses two layers or more.

    Args:
        input_size: I.
        hidden_size: H.
        longest: T, steps; if given, u starts uniform in [2^(-1/T), 2^(1/T)], as the paper's last
            layer, and is held in +-2^(1/T), so that T steps at most double what a unit holds.
            None: u starts uniform in [0, 1], of which after 2000 steps one unit in 3000 keeps
            half of anything, and nothing holds it there.

    Raises:
        ValueError: `longest` below 1.

    Source: Li et al. 2018, "Independently recurrent neural network (IndRNN)", sections 3 and 4.
    """

    def __init__(self, input_size: int, hidden_size: int, longest: int | None = None) -> None:
        super().__init__(input_size, hidden_size)
        if longest is not None and longest < 1:
            raise ValueError(f"IndRNN: longest must be at least 1 step, not {longest}")
        self.bound = None if longest is None else 2 ** (1 / longest)
        self.W_x = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.empty(hidden_size))
        uniform_(self, hidden_size)
        low, high = (0.0, 1.0) if self.bound is None else (1 / self.bound, self.bound)
        nn.init.uniform_(self.u, low, high)

    def held(self) -> Float[Tensor, "H"]:
        """Return u, within the bound if there is one."""
        return self.u if self.bound is None else self.u.clamp(-self.bound, self.bound)

    def step(self, u: Float[Tensor, "*S H"], s: Hidden) -> Hidden:
        """relu(W x_t + b + u * h_(t-1))."""
        return Hidden(torch.relu(u + self.held() * s.h))
