"""The LSTM of 1997 as published: blocks of cells behind shared gates that feed gates."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import Cell


class BlockState(NamedTuple):
    """The cells' outputs h and inner states c, and the gates of the blocks, which feed back."""

    h: Float[Tensor, "*S C"]
    c: Float[Tensor, "*S C"]
    i: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]


class BlockGates(NamedTuple):
    """The input and output gate of each block, and what its cells take in."""

    i: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]
    g: Float[Tensor, "*S C"]
    candidate = "g"


class LSTM1997(Cell):
    r"""H memory cell blocks of S cells each, which share an input and an output gate.

        v_t = [x_t, h_(t-1), i_(t-1), o_(t-1)]                   all hidden units see all of it
        i_t = sigmoid(W_i v_t + b_i)                             one for each block
        o_t = sigmoid(W_o v_t + b_o)                             one for each block
        g_t = 4 sigmoid(W_g v_t + b_g) - 2                       of each cell, in [-2, 2]
        c_t = c_(t-1) + i_t * g_t                                the constant error carousel
        h_t = o_t * (2 sigmoid(c_t) - 1)                         in [-1, 1]; what is seen

    There is no forget gate.  Published with an online update and this gradient: errors that reach
    the net inputs of gates and cells change the weights there, but go no further back in time
    than along c (`truncated`).

    Args:
        input_size: I.
        hidden_size: H, blocks.
        size: S, cells of a block; the output has H S features.
        biased: which hidden units have a bias: `all`, `gates` or `none`.
        gates_feed_gates: whether v holds the gates.
        truncated: whether the gradient is that of the paper; values are the same.
        start: weights and biases start uniform in +-start.
        input_bias: b_i of the blocks at the start; repeated where there are more; None: drawn.
        output_bias: likewise b_o.

    Raises:
        ValueError: no cell in a block, an unknown `biased`, or a gate bias where there is none.

    Source: Hochreiter & Schmidhuber 1997, section 4 and tables 10 and 11.
    """

    State = BlockState

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        size: int = 2,
        biased: Literal["all", "gates", "none"] = "all",
        gates_feed_gates: bool = True,
        truncated: bool = False,
        start: float = 0.1,
        input_bias: Sequence[float] | None = (-3.0, -6.0),
        output_bias: Sequence[float] | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        if size < 1:
            raise ValueError(f"LSTM1997: size must be at least 1 cell a block, not {size}")
        if biased not in ("all", "gates", "none"):
            raise ValueError(f"LSTM1997: biased must be all, gates or none, not {biased!r}")
        given = [None if b is None else list(b) for b in (input_bias, output_bias)]
        if biased == "none" and any(given):
            raise ValueError("LSTM1997: biased=none leaves no gate bias to set")
        H, C = hidden_size, size * hidden_size
        units = C + 2 * H  # rows and columns in the order i o g, and h i o
        self.size, self.gates_feed_gates, self.truncated = size, gates_feed_gates, truncated
        self.W_x = nn.Linear(input_size, units, bias=False)
        self.W_h = nn.Linear(units if gates_feed_gates else C, units, bias=False)
        self.b = nn.Parameter(torch.empty({"all": units, "gates": 2 * H, "none": 0}[biased]))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -start, start)
        with torch.no_grad():
            for k, values in enumerate(given):
                if values:
                    row = torch.tensor(values).repeat(-(-H // len(values)))[:H]
                    self.b[k * H : (k + 1) * H] = row
        self.register_buffer("spread", torch.eye(H).repeat_interleave(size, 1), persistent=False)

    spread: Float[Tensor, "H C"]  # block -> its cells

    @property
    def output_size(self) -> int:
        """Return D = H S: the output of every cell."""
        return self.size * self.hidden_size

    def init_state(self, batch_size: int) -> BlockState:
        """Return zeros: (B,HS) for h and c, (B,H) for the gates."""
        zeros, H, C = self.b.new_zeros, self.hidden_size, self.output_size
        return BlockState(*(zeros(batch_size, width) for width in (C, C, H, H)))

    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Compute W_x x_t + b, for gates and cells."""
        rest = self.b.new_zeros(self.output_size + 2 * self.hidden_size - len(self.b))
        return self.W_x(x) + torch.cat([self.b, rest])

    def gates(self, u: Float[Tensor, "*S P"], s: BlockState) -> BlockGates:
        """Compute i_t, o_t and g_t."""
        seen = torch.cat([s.h, s.i, s.o], dim=-1) if self.gates_feed_gates else s.h
        if self.truncated:
            seen = seen.detach()
        H = self.hidden_size
        i, o, g = (u + self.W_h(seen)).split([H, H, self.output_size], dim=-1)
        return BlockGates(torch.sigmoid(i), torch.sigmoid(o), 2 * torch.tanh(g / 2))

    def keep(self, u: Float[Tensor, "*S P"], s: BlockState) -> Mapping[str, Tensor]:
        """Return ones: all of c is kept."""
        return {"c": torch.ones_like(s.c)}

    def step(self, u: Float[Tensor, "*S P"], s: BlockState) -> BlockState:
        """Compute c_t, h_t and the gates."""
        i, o, g = self.gates(u, s)
        c = s.c + (i @ self.spread) * g
        return BlockState((o @ self.spread) * torch.tanh(c / 2), c, i, o)
