"""The vanilla RNN, with the initialisations that made it famous."""

from typing import Literal

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell, Hidden, Kernel
from longlag.cells.initial import uniform_


class Elman(Cell):
    r"""Vanilla RNN: h_t = phi(W x_t + U h_(t-1) + b), phi = tanh or relu.

    Args:
        input_size: I.
        hidden_size: H.
        nonlinearity: phi.
        recurrent: how U starts: `uniform` in +-1/sqrt(H) (torch's nn.RNN), `orthogonal`
            (Saxe et al. 2014), or `identity` with zero bias (IRNN: Le et al. 2015, section 2).

    Source: Elman 1990, "Finding structure in time"; Pascanu et al. 2013, eq. 2; relu: Nair &
    Hinton 2010.
    """

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
        self.inp = nn.Linear(input_size, hidden_size)
        self.rec = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)
        if recurrent == "orthogonal":
            nn.init.orthogonal_(self.rec.weight)
        if recurrent == "identity":
            nn.init.eye_(self.rec.weight)
            nn.init.zeros_(self.inp.bias)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b."""
        return self.inp(x)

    def step(self, u: Tensor, s: Hidden) -> Hidden:
        """phi(u_t + U h_(t-1))."""
        a = u + self.rec(s.h)
        return Hidden(torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a))

    def kernel(self) -> Kernel:
        """torch.rnn_tanh or torch.rnn_relu on the same weights."""
        name = "rnn_tanh" if self.nonlinearity == "tanh" else "rnn_relu"
        b_rec = torch.zeros_like(self.inp.bias)
        return Kernel(name, (self.inp.weight, self.rec.weight, self.inp.bias, b_rec))
