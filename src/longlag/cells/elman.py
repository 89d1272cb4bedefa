"""The vanilla RNN, with the initialisations that made it famous."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, Hidden, Kernel
from longlag.cells.initial import uniform_


class Elman(AffineInputCell):
    r"""Vanilla RNN: h_t = phi(W_x x_t + W_h h_(t-1) + b), phi = tanh or relu.

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
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Elman: nonlinearity must be tanh or relu, not {nonlinearity!r}")
        if recurrent not in ("uniform", "orthogonal", "identity"):
            raise ValueError(
                f"Elman: recurrent must be uniform, orthogonal or identity, not {recurrent!r}"
            )
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
        """phi(u_t + W_h h_(t-1))."""
        a = u + self.W_h(s.h)
        return Hidden(torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a))

    def kernel(self) -> Kernel:
        """torch.rnn_tanh or torch.rnn_relu on the same weights."""
        name = "rnn_tanh" if self.nonlinearity == "tanh" else "rnn_relu"
        b_h = torch.zeros_like(self.W_x.bias)
        return Kernel(name, (self.W_x.weight, self.W_h.weight, self.W_x.bias, b_h))
