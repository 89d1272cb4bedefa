"""The linear recurrent unit: complex numbers that turn and slowly decay."""

import math

import torch
from torch import Tensor, nn

from longlag.cells.base import Hidden, LinearCell
from longlag.cells.initial import uniform_


class LRU(LinearCell):
    r"""Linear recurrent unit, complex and diagonal.

        lambda = exp(-exp(nu) + i exp(theta))                    |lambda| < 1
        s_t    = lambda * s_(t-1) + exp(gamma) * (B x_t)         complex state
        y_t    = Re(C s_t) + D x_t                               real output

    lambda starts uniform on the ring r_min <= |lambda| <= r_max with phases in [0, max_phase];
    exp(gamma) starts at sqrt(1 - |lambda|^2).

    Args:
        input_size: I.
        hidden_size: H, complex numbers in the state and real ones in the output.
        r_min: the shortest memory at the start.
        r_max: the longest, below 1.
        max_phase: radians a step.

    Source: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences",
    section 3 and appendix A.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        r_min: float = 0.9,
        r_max: float = 0.999,
        max_phase: float = 2 * math.pi,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 <= r_min < r_max < 1 or max_phase <= 0:
            raise ValueError(
                "LRU: 0 <= r_min < r_max < 1 and max_phase > 0 are asked for, not "
                f"{r_min}, {r_max}, {max_phase}"
            )
        self.inp = nn.Linear(input_size, 3 * hidden_size, bias=False)  # rows Re B, Im B, D
        self.out = nn.Linear(2 * hidden_size, hidden_size, bias=False)  # columns Re C, -Im C
        uniform_(self, hidden_size)
        square = torch.rand(hidden_size) * (r_max**2 - r_min**2) + r_min**2  # |lambda|^2
        phase = max_phase * torch.rand(hidden_size).clamp_min(1e-6)
        self.nu = nn.Parameter(torch.log(-0.5 * torch.log(square)))
        self.theta = nn.Parameter(torch.log(phase))
        self.gamma = nn.Parameter(0.5 * torch.log1p(-square))

    @property
    def state_size(self) -> int:
        """2H: a complex number is two."""
        return 2 * self.hidden_size

    def init_state(self, batch_size: int) -> Hidden:
        """Complex zeros (B,H)."""
        zeros = self.nu.new_zeros(batch_size, self.hidden_size)
        return Hidden(torch.complex(zeros, zeros))

    def project(self, x: Tensor) -> Tensor:
        """B x_t, real and imaginary, and D x_t."""
        return self.inp(x)

    def coefficients(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Lambda and exp(gamma) * (B x_t)."""
        real, imag, _ = u.chunk(3, dim=-1)
        a = torch.polar(torch.exp(-torch.exp(self.nu)), torch.exp(self.theta))
        b = torch.exp(self.gamma) * torch.complex(real, imag)
        return a.expand_as(b), b

    def readout(self, s: Hidden, u: Tensor) -> Tensor:
        """Re(C s_t) + D x_t."""
        return self.out(torch.cat([s.h.real, s.h.imag], dim=-1)) + u.chunk(3, dim=-1)[2]
