"""Networks without gates: the vanilla RNN, and units that remember themselves alone."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden, Kernel, one_of
from longlag.cells.initial import uniform_


class Elman(AffineInputCell):
    r"""Vanilla RNN: the new state is a squashed sum of the input and the old state.

        h_t = phi(W_x x_t + W_h h_(t-1) + b)                     phi = tanh or relu

    Args:
        input_size: I.
        hidden_size: H.
        nonlinearity: phi.
        recurrent: how the weights start.  `uniform`: all in +-1/sqrt(H), as torch's nn.RNN;
            `orthogonal`: W_h a random orthogonal matrix (Saxe et al. 2014); `identity`: W_h = 1,
            W_x Gaussian with standard deviation 0.001, b = 0, which with relu is the IRNN
            (Le et al. 2015, section 2; the head, which is no part of a cell, starts as always).

    Source: Elman 1990, "Finding structure in time"; Pascanu et al. 2013, eq. 2; relu: Nair &
    Hinton 2010.
    """

    version = 2  # the published start of the IRNN

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        recurrent: Literal["uniform", "orthogonal", "identity"] = "uniform",
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("Elman", ("tanh", "relu"), nonlinearity=nonlinearity)
        one_of("Elman", ("uniform", "orthogonal", "identity"), recurrent=recurrent)
        self.nonlinearity = nonlinearity
        self.W_x = nn.Linear(input_size, hidden_size)
        self.W_h = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)
        if recurrent == "orthogonal":
            nn.init.orthogonal_(self.W_h.weight)
        if recurrent == "identity":
            nn.init.eye_(self.W_h.weight)
            nn.init.normal_(self.W_x.weight, 0.0, 0.001)
            nn.init.zeros_(self.W_x.bias)

    def step(self, u: Float[Tensor, "*S H"], s: Hidden) -> Hidden:
        """Compute phi(u_t + W_h h_(t-1))."""
        a = u + self.W_h(s.h)
        return Hidden(torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a))

    def kernel(self) -> Kernel:
        """Return torch.rnn_tanh or torch.rnn_relu on the same weights."""
        name = "rnn_tanh" if self.nonlinearity == "tanh" else "rnn_relu"
        b_h = torch.zeros_like(self.W_x.bias)
        return Kernel(name, (self.W_x.weight, self.W_h.weight, self.W_x.bias, b_h))


class IndRNN(AffineInputCell):
    r"""Independently recurrent network: each unit sees of the state only itself.

        h_t = relu(W_x x_t + u * h_(t-1) + b)

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
        """Compute relu(W x_t + b + u * h_(t-1))."""
        return Hidden(torch.relu(u + self.held() * s.h))
