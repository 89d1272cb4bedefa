"""Cells that are discretised differential equations of two variables: coRNN and LEM."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell
from longlag.cells.initial import uniform_


class Oscillation(NamedTuple):
    """The position y (what is seen) and z: its velocity, or the slow variable."""

    y: Float[Tensor, "*S H"]
    z: Float[Tensor, "*S H"]


class CoRNN(AffineInputCell):
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

    The three constants are tuned for each task.  The defaults are those of the authors' code for
    the adding problem; on sequential MNIST they have dt = 0.042, gamma = 2.7, eps = 4.7.  All
    weights start uniform in +-1/sqrt(I + 2H), as theirs.

    Source: Rusch & Mishra 2021, "Coupled oscillatory recurrent neural network", eq. 3, with the
    explicit damping; values and start: its code, adding/adding_task.py.
    """

    State = Oscillation
    version = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        dt: float = 0.06,
        gamma: float = 66.0,
        eps: float = 15.0,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if min(dt, gamma, eps) <= 0:
            raise ValueError(f"CoRNN: dt, gamma, eps must be positive, not {dt}, {gamma}, {eps}")
        self.dt, self.gamma, self.eps = dt, gamma, eps
        self.W_x = nn.Linear(input_size, hidden_size)
        self.W_s = nn.Linear(2 * hidden_size, hidden_size, bias=False)  # columns y z
        uniform_(self, input_size + 2 * hidden_size)

    def step(self, u: Float[Tensor, "*S H"], s: Oscillation) -> Oscillation:
        """Compute the velocity, then the position with it."""
        force = torch.tanh(u + self.W_s(torch.cat([s.y, s.z], dim=-1)))
        z = s.z + self.dt * (force - self.gamma * s.y - self.eps * s.z)
        return Oscillation(s.y + self.dt * z, z)


class LEMGates(NamedTuple):
    """Both time steps as shares of dt, d of z and e of y, and the candidate of z, named g."""

    d: Float[Tensor, "*S H"]
    e: Float[Tensor, "*S H"]
    g: Float[Tensor, "*S H"]
    candidate = "g"


class LEM(AffineInputCell):
    r"""Long expressive memory: two leaky variables, each with learned time steps.

        d_t = sigmoid(W_1 x_t + U_1 y_(t-1) + b_1)               time step of z, over dt
        e_t = sigmoid(W_2 x_t + U_2 y_(t-1) + b_2)               time step of y, over dt
        g_t = tanh(W_z x_t + U_z y_(t-1) + b_z)                  candidate of z
        z_t = (1 - dt d_t) * z_(t-1) + dt d_t * g_t
        y_t = (1 - dt e_t) * y_(t-1) + dt e_t * tanh(W_y x_t + U_y z_t + b_y)

    Args:
        input_size: I.
        hidden_size: H.
        dt: the largest time step, at most 1.

    Source: Rusch et al. 2022, "Long expressive memory for sequence modeling", eq. 3 (the two gates
    are numbered the other way round in its code).
    """

    State = Oscillation

    def __init__(self, input_size: int, hidden_size: int, dt: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 < dt <= 1:
            raise ValueError(f"LEM: dt must lie in (0, 1], not {dt}")
        self.dt = dt
        self.W_x = nn.Linear(input_size, 4 * hidden_size)  # rows in the order 1 2 z y
        self.U = nn.Linear(hidden_size, 3 * hidden_size, bias=False)  # rows in the order 1 2 z
        self.U_y = nn.Linear(hidden_size, hidden_size, bias=False)
        uniform_(self, hidden_size)

    def gates(self, u: Float[Tensor, "*S P"], s: Oscillation) -> LEMGates:
        """Compute d_t, e_t and g_t."""
        u_1, u_2, u_z, _ = u.chunk(4, dim=-1)
        a_1, a_2, a_z = self.U(s.y).chunk(3, dim=-1)
        d, e = torch.sigmoid(u_1 + a_1), torch.sigmoid(u_2 + a_2)
        return LEMGates(d, e, torch.tanh(u_z + a_z))

    def keep(self, u: Float[Tensor, "*S P"], s: Oscillation) -> Mapping[str, Tensor]:
        """Return 1 - dt d_t, which keeps z, and 1 - dt e_t, which keeps y."""
        d, e, _ = self.gates(u, s)
        return {"y": 1 - self.dt * e, "z": 1 - self.dt * d}

    def step(self, u: Float[Tensor, "*S P"], s: Oscillation) -> Oscillation:
        """Compute z_t, then y_t with it."""
        d, e, g = self.gates(u, s)
        z = s.z + self.dt * d * (g - s.z)
        candidate = torch.tanh(u.chunk(4, dim=-1)[3] + self.U_y(z))
        return Oscillation(s.y + self.dt * e * (candidate - s.y), z)
