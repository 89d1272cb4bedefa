"""The linear recurrent unit: complex numbers that turn and slowly decay."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from longlag.cells.base import Hidden, LinearCell


class LRU(LinearCell):
    r"""Linear recurrent unit, complex and diagonal.

        lambda = exp(-exp(nu) + i exp(theta))                    |lambda| < 1
        s_t    = lambda * s_(t-1) + exp(gamma) * (B x_t)         complex state
        y_t    = Re(C s_t) + D x_t                               real output

    The layer is linear, and so is a plain stack of them with its head: run it in model=block.

    lambda starts uniform on the ring r_min <= |lambda| <= r_max with phases in [0, max_phase];
    exp(gamma) starts at sqrt(1 - |lambda|^2).  B and C are complex, their real and imaginary parts
    start N(0, 1/(2I)) and N(0, 1/H).  D is one number a unit, N(0, 1) at the start, wherever the
    layer is as wide inside as outside, as all of the paper's are; else a matrix, N(0, 1/I).

    Args:
        input_size: I.
        hidden_size: H, complex numbers in the state and real ones in the output.
        r_min: the shortest memory at the start.
        r_max: the longest, below 1.
        max_phase: radians a step.

    Source: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences",
    section 3 and appendix A; the starts of B, C and D: its appendix A, listing 1.
    """

    version = 2

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
        I, H = input_size, hidden_size
        self.B = nn.Linear(I, 2 * H, bias=False)  # rows Re B, Im B
        self.C = nn.Linear(2 * H, H, bias=False)  # columns Re C, -Im C
        self.D = nn.Parameter(torch.empty(H) if I == H else torch.empty(H, I))
        nn.init.normal_(self.B.weight, 0.0, (2 * I) ** -0.5)
        nn.init.normal_(self.C.weight, 0.0, H**-0.5)
        nn.init.normal_(self.D, 0.0, 1.0 if I == H else I**-0.5)
        square = torch.rand(H) * (r_max**2 - r_min**2) + r_min**2  # |lambda|^2
        phase = max_phase * torch.rand(H).clamp_min(1e-6)
        self.nu = nn.Parameter(torch.log(-0.5 * torch.log(square)))
        self.theta = nn.Parameter(torch.log(phase))
        self.gamma = nn.Parameter(0.5 * torch.log1p(-square))

    @property
    def state_size(self) -> int:
        """Return 2H: a complex number is two."""
        return 2 * self.hidden_size

    def init_state(self, batch_size: int) -> Hidden:
        """Return complex zeros (B,H)."""
        zeros = self.nu.new_zeros(batch_size, self.hidden_size)
        return Hidden(torch.complex(zeros, zeros))

    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Compute B x_t, real and imaginary, and D x_t."""
        straight = self.D * x if self.D.dim() == 1 else nn.functional.linear(x, self.D)
        return torch.cat([self.B(x), straight], dim=-1)

    def coefficients(
        self, u: Float[Tensor, "*S P"]
    ) -> tuple[Complex[Tensor, "*S H"], Complex[Tensor, "*S H"]]:
        """Compute lambda and exp(gamma) * (B x_t)."""
        real, imag, _ = u.chunk(3, dim=-1)
        a = torch.polar(torch.exp(-torch.exp(self.nu)), torch.exp(self.theta))
        b = torch.exp(self.gamma) * torch.complex(real, imag)
        return a.expand_as(b), b

    def readout(self, s: Hidden, u: Float[Tensor, "*S P"]) -> Float[Tensor, "*S H"]:
        """Compute Re(C s_t) + D x_t."""
        return self.C(torch.cat([s.h.real, s.h.imag], dim=-1)) + u.chunk(3, dim=-1)[2]
