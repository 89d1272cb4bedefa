"""Two networks without a recurrence, which stand where a cell stands, for cells to be held against.

What they remember they look up in the inputs themselves: there is no state, no step and no carry.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, relu, scaled_dot_product_attention

from longlag.cells.base import at_least_one


class Reference(nn.Module, ABC):
    """Base of every network that maps a whole sequence at once and never looks ahead.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of y_t.

    Attributes:
        version: rises by one whenever the same config and seed give other numbers than before.

    Raises:
        ValueError: a size below 1.
    """

    version: ClassVar[int] = 1

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        at_least_one(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size

    @property
    def output_size(self) -> int:
        """Return D, the features of y_t."""
        return self.hidden_size

    @abstractmethod
    def forward(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B H"]:
        """Compute y_t of x_1 .. x_t alone, for all steps at once."""


@final
class Transformer(Reference):
    r"""A causal Transformer with its normalisation before each part, and sinusoidal positions.

        z_t = W x_t + b + p_t          p_t,2i = sin(t / 10000^(2i/H)), p_t,2i+1 = cos of the same
        z   = z + A(N(z)), then z + M(N(z))                                       in every layer
        y_t = N(z_t)

    A is `CausalAttention`, M(z) = W_2 relu(W_1 z + b_1) + b_2 with 4 H hidden units, N is layer
    normalisation.  No length is the longest.  Weights start as torch's own layers do; there is no
    dropout.

    Args:
        input_size: I.
        hidden_size: H, of any value.
        layers: of attention and M.
        heads: of attention, each ceil(H / heads) wide.

    Raises:
        ValueError: a size or a number below 1.

    Source: Vaswani et al. 2017, "Attention is all you need", sections 3.1 to 3.5; the place of the
    normalisation: Xiong et al. 2020, "On layer normalization in the transformer architecture",
    figure 1b.
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int = 2, heads: int = 4) -> None:
        super().__init__(input_size, hidden_size)
        at_least_one("Transformer", layers=layers, heads=heads)
        self.encoder = nn.Linear(input_size, hidden_size)
        self.layers = nn.ModuleList(AttentionLayer(hidden_size, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden_size)

    def forward(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B H"]:
        """Compute all steps at once, in time and memory of the order of T^2."""
        z = self.encoder(x)
        z = z + positions(len(z), self.hidden_size, z)[:, None]
        for layer in self.layers:
            z = layer(z)
        return self.norm(z)


@final
class AttentionLayer(nn.Module):
    """z + A(N(z)), then z + M(N(z)): one layer of `Transformer`, H wide."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width)
        )

    def forward(self, z: Float[Tensor, "T B H"]) -> Float[Tensor, "T B H"]:
        """Compute one layer of all steps."""
        z = z + self.attention(self.attention_norm(z))
        return z + self.mlp(self.mlp_norm(z))


@final
class CausalAttention(nn.Module):
    r"""Attention of several heads, in which step t sees the steps 1 .. t.

        a_t = sum_(s <= t) softmax_s(q_t . k_s / sqrt(d)) v_s      of each head, d = ceil(H / heads)
        A   = W_o [a of every head] + b_o

    Source: Vaswani et al. 2017, section 3.2, by torch's own kernel.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, inner = heads, -(-width // heads) * heads
        self.W_qkv, self.W_o = nn.Linear(width, 3 * inner), nn.Linear(inner, width)

    def forward(self, z: Float[Tensor, "T B H"]) -> Float[Tensor, "T B H"]:
        """Attend from every step to itself and to those before it."""
        parts = self.W_qkv(z).unflatten(-1, (3, self.heads, -1))  # (T,B,3,heads,d)
        q, k, v = parts.permute(2, 1, 3, 0, 4)  # (B,heads,T,d) each
        a = scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.W_o(a.permute(2, 0, 1, 3).flatten(2))


@final
class TCN(Reference):
    r"""A temporal convolutional network: residual blocks of causal convolutions, ever more dilated.

        z = relu(C_2 relu(C_1 x)),  y = relu(z + x)        in block i = 0, 1, ... of `levels`

    C_1 and C_2 are convolutions of `width` steps, 2^i apart (`DilatedConvolution`); where x is not
    as wide as y, a linear map W x + b stands for it in the sum.  y_t depends on the last
    1 + 2 (width - 1) (2^levels - 1) steps, `receptive_field`: 511 of them by default.  A task
    that needs more is out of reach whatever is learnt, so choose `levels` by the longest lag, as
    the paper does.  There is no dropout.

    Args:
        input_size: I.
        hidden_size: H, channels of every block.
        levels: blocks.
        width: of a filter, in steps; 2 is what the paper's code has unless it is told otherwise.

    Raises:
        ValueError: a size or a number below 1.

    Source: Bai, Kolter & Koltun 2018, "An empirical evaluation of generic convolutional and
    recurrent networks for sequence modeling", section 3.
    """

    def __init__(self, input_size: int, hidden_size: int, levels: int = 8, width: int = 2) -> None:
        super().__init__(input_size, hidden_size)
        at_least_one("TCN", levels=levels, width=width)
        self.receptive_field = 1 + 2 * (width - 1) * (2**levels - 1)
        sizes = [input_size, *[hidden_size] * levels]
        self.blocks = nn.ModuleList(
            ConvolutionBlock(sizes[i], hidden_size, width, 2**i) for i in range(levels)
        )

    def forward(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B H"]:
        """Compute all steps at once."""
        for block in self.blocks:
            x = block(x)
        return x


@final
class ConvolutionBlock(nn.Module):
    """relu(relu(C_2 relu(C_1 x)) + x): one block of `TCN`, C to H channels."""

    def __init__(self, input_size: int, channels: int, width: int, dilation: int) -> None:
        super().__init__()
        self.first = DilatedConvolution(input_size, channels, width, dilation)
        self.second = DilatedConvolution(channels, channels, width, dilation)
        self.skip = nn.Identity() if input_size == channels else nn.Linear(input_size, channels)

    def forward(self, x: Float[Tensor, "T B C"]) -> Float[Tensor, "T B H"]:
        """Compute one block of all steps."""
        z = relu(self.second(relu(self.first(x))))
        return relu(z + self.skip(x))


@final
class DilatedConvolution(nn.Module):
    r"""y_t = b + sum_k W_k x_(t - k d), k = 0 .. width - 1: filters over steps that are d apart.

    Steps before the first one count as zeros.  By weight normalisation the weights that lead to
    one of the H channels are g V / ||V||; V and b start as those of torch's convolutions, and g as
    ||V||.

    Source: Bai, Kolter & Koltun 2018, sections 3.2 and 3.4; Salimans & Kingma 2016, "Weight
    normalization", equation 2.
    """

    def __init__(self, input_size: int, channels: int, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation, bound = dilation, (input_size * width) ** -0.5
        self.V = nn.Parameter(torch.empty(width, channels, input_size).uniform_(-bound, bound))
        self.g = nn.Parameter(self.V.detach().norm(dim=(0, 2)))
        self.b = nn.Parameter(torch.empty(channels).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "T B C"]) -> Float[Tensor, "T B H"]:
        """Filter all steps at once; as products of matrices, twice as fast as torch's at this size.

        A tap that lies before the first step for all of them is left out.
        """
        W = (self.g / self.V.norm(dim=(0, 2)))[:, None] * self.V
        y = nn.functional.linear(x, W[0], self.b)
        for back, tap in zip(range(self.dilation, len(x), self.dilation), W[1:], strict=False):
            y = y + pad(x[:-back] @ tap.T, (0, 0, 0, 0, back, 0))
        return y


def positions(steps: int, width: int, like: Tensor) -> Float[Tensor, "T H"]:
    """Return p_t, t = 0 .. T - 1: pairs of sine and cosine, each pair slower than the one before.

    Source: Vaswani et al. 2017, section 3.5.
    """
    t = torch.arange(steps, device=like.device, dtype=like.dtype)[:, None]
    i = torch.arange(0, width, 2, device=like.device, dtype=like.dtype)
    angle = t / 10000 ** (i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
