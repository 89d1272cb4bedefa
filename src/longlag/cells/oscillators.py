"""Cells that are discretised differential equations of two variables: coRNN and LEM."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.cells.initial import uniform_


class Oscillation(NamedTuple):
    """The position y (what is seen) and z: its velocity, or the slow variable."""

    y: Tensor
    z: Tensor


class CoRNN(Cell):
    r"""Coupled oscillatory RNN: a network of driven, damped oscillators.

        z_t = z_(t-1) + dt * (tanh(U_y y_(t-1) + U_z z_(t-1) + W x_t + b)
                              - gamma * y_(t-1) - eps * z_(t-1))
        y_t = y_(t-1) + dt * z_t

    Args:
        input_size: I.
        hidden_size: H.
        dt: the step's size.
        gamma: frequency of an oscillator alone, squared.
        eps: damping.

    Source: Rusch & Mishra 2021, "Coupled oscillatory recurrent neural network", eq. 3, with the
    explicit damping; the values are those of its sequential MNIST (appendix A).
    """

    State = Oscillation

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        dt: float = 0.042,
        gamma: float = 2.7,
        eps: float = 4.7,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if min(dt, gamma, eps) <= 0:
            raise ValueError(f"CoRNN: dt, gamma, eps must be positive, not {dt}, {gamma}, {eps}")
        self.dt, self.gamma, self.eps = dt, gamma, eps
        self.inp = nn.Linear(input_size, hidden_size)
        self.rec = nn.Linear(2 * hidden_size, hidden_size, bias=False)  # columns y z
        uniform_(self, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b."""
        return self.inp(x)

    def step(self, u: Tensor, s: Oscillation) -> Oscillation:
        """The velocity, then the position with it."""
        force = torch.tanh(u + self.rec(torch.cat([s.y, s.z], dim=-1)))
        z = s.z + self.dt * (force - self.gamma * s.y - self.eps * s.z)
        return Oscillation(s.y + self.dt * z, z)


class LEM(Cell):
    r"""Long expressive memory: two leaky variables, each with learned time steps.

        d_t = dt * sigmoid(W_1 x_t + U_1 y_(t-1) + b_1)          time step of z
        e_t = dt * sigmoid(W_2 x_t + U_2 y_(t-1) + b_2)          time step of y
        z_t = (1 - d_t) * z_(t-1) + d_t * tanh(W_z x_t + U_z y_(t-1) + b_z)
        y_t = (1 - e_t) * y_(t-1) + e_t * tanh(W_y x_t + U_y z_t + b_y)

    Args:
        input_size: I.
        hidden_size: H.
        dt: the largest time step, at most 1.

    Source: Rusch et al. 2022, "Long expressive memory for sequence modeling", eq. 3.
    """

    State = Oscillation

    def __init__(self, input_size: int, hidden_size: int, dt: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 < dt <= 1:
            raise ValueError(f"LEM: dt must lie in (0, 1], not {dt}")
        self.dt = dt
        self.inp = nn.Linear(input_size, 4 * hidden_size)  # rows in the order 1 2 z y
        self.rec = nn.Linear(hidden_size, 3 * hidden_size, bias=False)
        self.rec_y = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for both time steps and both candidates."""
        return self.inp(x)

    def gates(self, u: Tensor, s: Oscillation) -> dict[str, Tensor]:
        """Both time steps, as shares of dt, and the candidate of z."""
        u_1, u_2, u_z, _ = u.chunk(4, dim=-1)
        a_1, a_2, a_z = self.rec(s.y).chunk(3, dim=-1)
        d, e = torch.sigmoid(u_1 + a_1), torch.sigmoid(u_2 + a_2)
        return {"d": d, "e": e, "z~": torch.tanh(u_z + a_z)}

    def step(self, u: Tensor, s: Oscillation) -> Oscillation:
        """z_t, then y_t with it."""
        gate = self.gates(u, s)
        z = s.z + self.dt * gate["d"] * (gate["z~"] - s.z)
        candidate = torch.tanh(u.chunk(4, dim=-1)[3] + self.rec_y(z))
        return Oscillation(s.y + self.dt * gate["e"] * (candidate - s.y), z)
