"""The RNN whose recurrent matrix is orthogonal, at the start and after every step of training."""

from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from longlag.cells.antisymmetric import Skew
from longlag.cells.base import AffineInputCell, Hidden, one_of
from longlag.cells.initial import uniform_


class Rotation(nn.Module):
    """U_0 exp(A - A^T) of the H(H-1)/2 numbers below A's diagonal; `base` is U_0."""

    base: Float[Tensor, "H H"]

    def __init__(self, base: Float[Tensor, "H H"]) -> None:
        super().__init__()
        self.register_buffer("base", base.detach().clone())
        self.skew = Skew(len(base), "below")

    def forward(self, numbers: Float[Tensor, "N"]) -> Float[Tensor, "H H"]:
        """Compute the matrix from its numbers."""
        return self.base @ torch.matrix_exp(self.skew(numbers))

    def right_inverse(self, U: Float[Tensor, "H H"]) -> Float[Tensor, "N"]:
        """Return zeros, which give U_0."""
        return U.new_zeros(self.skew.at.shape[1])


class OrthogonalRNN(AffineInputCell):
    r"""Vanilla RNN whose recurrent matrix is a rotation: orthogonal, of determinant 1.

        U   = U_0 exp(A - A^T)                                   in SO(H) for every A
        h_t = phi(W x_t + U h_(t-1) + b)                         hidden state

    phi is modrelu, sign(z) * relu(|z| + b_phi), or tanh.  U_0 is a random rotation (Haar on
    SO(H)), A starts at zero; its H(H-1)/2 numbers below the diagonal are what is learned.  That is
    a static trivialisation around U_0.  The experiments of expRNN have U_0 = 1, a block-diagonal A
    at the start (Henaff's or Cayley's), no b, and a tenth of the learning rate for A.

    Args:
        input_size: I.
        hidden_size: H.
        nonlinearity: phi.

    Source: Lezcano-Casado & Martinez-Rubio 2019, "Cheap orthogonal constraints in neural
    networks" (expRNN), section 3; around another U_0: Lezcano-Casado 2019, "Trivializations for
    gradient-based optimization on manifolds"; modrelu: Arjovsky, Shah & Bengio 2016.
    """

    version = 2  # half of the starts had determinant -1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        nonlinearity: Literal["modrelu", "tanh"] = "modrelu",
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("OrthogonalRNN", ("modrelu", "tanh"), nonlinearity=nonlinearity)
        self.nonlinearity = nonlinearity
        self.W_x = nn.Linear(input_size, hidden_size)
        W_h = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)
        nn.init.orthogonal_(W_h.weight)
        with torch.no_grad():
            W_h.weight[:, 0] *= torch.linalg.det(W_h.weight).sign()
        register_parametrization(W_h, "weight", Rotation(W_h.weight), unsafe=True)
        self.W_h = W_h
        if nonlinearity == "modrelu":
            self.b_phi = nn.Parameter(torch.empty(hidden_size).uniform_(-0.01, 0.01))

    def step(self, u: Float[Tensor, "*S H"], s: Hidden) -> Hidden:
        """Compute phi(u_t + U h_(t-1))."""
        z = u + self.W_h(s.h)
        if self.nonlinearity == "tanh":
            return Hidden(torch.tanh(z))
        return Hidden(torch.sign(z) * torch.relu(torch.abs(z) + self.b_phi))

    def __reduce__(self) -> Any:
        """Pickle what the parametrised matrix is made of, for it cannot be pickled itself."""
        made = self.input_size, self.hidden_size, self.nonlinearity
        return _again, (made, self.state_dict(), self.training)


def _again(made: tuple[int, int, Any], values: dict[str, Tensor], training: bool) -> OrthogonalRNN:
    """Build the cell with these values; no random number is spent."""
    with torch.random.fork_rng(devices=[]):
        cell = OrthogonalRNN(*made).to(next(iter(values.values())))
    cell.load_state_dict(values)
    return cell.train(training)
