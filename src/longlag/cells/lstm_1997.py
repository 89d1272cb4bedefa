"""The LSTM of 1997 as published: blocks of cells behind shared gates that feed gates."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import Cell, at_least_one, one_of


class BlockState(NamedTuple):
    """The cells' outputs h and inner states c, and the gates of the blocks, which feed back."""

    h: Float[Tensor, "*S C"]
    c: Float[Tensor, "*S C"]
    i: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]


class LSTM1997(Cell):
    r"""H memory cell blocks of S cells each, which share an input and an output gate.

        v_t = [x_t, h_(t-1), i_(t-1), o_(t-1)]                   all hidden units see all of it
        i_t = sigmoid(W_i v_t + b_i)                             one for each block
        o_t = sigmoid(W_o v_t + b_o)                             one for each block
        g_t = 4 sigmoid(W_g v_t + b_g) - 2                       of each cell, in [-2, 2]
        c_t = c_(t-1) + i_t * g_t                                the constant error carousel
        h_t = o_t * (2 sigmoid(c_t) - 1)                         in [-1, 1]; what is seen

    There is no forget gate; one may be added, as in 2000, and what an experiment left out be left
    out.  Published with an online update and this gradient: errors that reach
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
        output_gate: whether there is one; else h_t is not gated (experiment 2a).
        recurrent: whether v holds h and the gates; else x_t alone (experiment 2a).
        input_squash: `wide`, g in [-2, 2], or `logistic`, g in [0, 1] (experiment 2a).
        output_squash: `centred`, of c in [-1, 1], or `identity` (experiment 2a).
        forget_gate: whether f_t * c_(t-1) is kept, f_t = sigmoid(W_f v_t + b_f).
        forget_bias: likewise b_f.

    Raises:
        ValueError: no cell in a block, an unknown choice, a gate bias where there is none, or a
            forget gate whose blocks' gates feed gates, which nobody built.

    Source: Hochreiter & Schmidhuber 1997, section 4 and tables 10 and 11; with a forget gate:
    Gers, Schmidhuber & Cummins 2000, section 3.
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
        output_gate: bool = True,
        recurrent: bool = True,
        input_squash: Literal["wide", "logistic"] = "wide",
        output_squash: Literal["centred", "identity"] = "centred",
        forget_gate: bool = False,
        forget_bias: Sequence[float] | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        at_least_one("LSTM1997", size=size)
        one_of("LSTM1997", ("all", "gates", "none"), biased=biased)
        one_of("LSTM1997", ("wide", "logistic"), input_squash=input_squash)
        one_of("LSTM1997", ("centred", "identity"), output_squash=output_squash)
        if forget_gate and gates_feed_gates:
            raise ValueError("LSTM1997: with a forget gate give gates_feed_gates=false")
        given = {"i": input_bias, "o": output_bias, "f": forget_bias}
        self.gated = "i" + "o" * output_gate + "f" * forget_gate
        without = [letter for letter, bias in given.items() if bias and letter not in self.gated]
        if without or (biased == "none" and any(given.values())):
            raise ValueError(
                f"LSTM1997: biased={biased} and no gate {without} leave no bias to set"
            )
        H, C = hidden_size, size * hidden_size
        units = C + len(self.gated) * H  # rows in the order of `gated`, then g; columns h i o
        self.size, self.gates_feed_gates, self.truncated = size, gates_feed_gates, truncated
        self.input_squash, self.output_squash = input_squash, output_squash
        self.W_x = nn.Linear(input_size, units, bias=False)
        seen = units if gates_feed_gates else C
        self.W_h = nn.Linear(seen, units, bias=False) if recurrent else None
        self.b = nn.Parameter(torch.empty({"all": units, "gates": units - C, "none": 0}[biased]))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -start, start)
        self._set_biases(given)
        self.register_buffer("spread", torch.eye(H).repeat_interleave(size, 1), persistent=False)

    spread: Float[Tensor, "H C"]  # block -> its cells

    @torch.no_grad()
    def _set_biases(self, given: Mapping[str, Sequence[float] | None]) -> None:
        """Set the biases of gates that are given, repeated where there are more blocks."""
        H = self.hidden_size
        for k, letter in enumerate(self.gated):
            if values := given[letter]:
                row = torch.tensor(list(values)).repeat(-(-H // len(values)))[:H]
                self.b[k * H : (k + 1) * H] = row

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
        rest = self.b.new_zeros(self.W_x.out_features - len(self.b))
        return self.W_x(x) + torch.cat([self.b, rest])

    def gates(self, u: Float[Tensor, "*S P"], s: BlockState) -> dict[str, Float[Tensor, "*S N"]]:
        """Compute i_t, those of o_t and f_t that there are, and g_t."""
        if self.W_h is not None:
            parts = [s.h, s.i, s.o][: 1 + len(self.gated)]
            seen = torch.cat(parts, dim=-1) if self.gates_feed_gates else s.h
            u = u + self.W_h(seen.detach() if self.truncated else seen)
        *gates, g = u.split([*[self.hidden_size] * len(self.gated), self.output_size], dim=-1)
        found = dict(zip(self.gated, map(torch.sigmoid, gates), strict=True))
        logistic = self.input_squash == "logistic"
        return {**found, "g~": torch.sigmoid(g) if logistic else 2 * torch.tanh(g / 2)}

    def keep(self, u: Float[Tensor, "*S P"], s: BlockState) -> Mapping[str, Tensor]:
        """Return f_t, which keeps c, or ones: all of it is kept."""
        f = self.gates(u, s).get("f")
        return {"c": torch.ones_like(s.c) if f is None else f @ self.spread}

    def step(self, u: Float[Tensor, "*S P"], s: BlockState) -> BlockState:
        """Compute c_t, h_t and the gates."""
        gate = self.gates(u, s)
        kept = gate["f"] @ self.spread * s.c if "f" in gate else s.c
        c = kept + (gate["i"] @ self.spread) * gate["g~"]
        h = c if self.output_squash == "identity" else torch.tanh(c / 2)
        if "o" in gate:
            return BlockState((gate["o"] @ self.spread) * h, c, gate["i"], gate["o"])
        return BlockState(h, c, gate["i"], torch.zeros_like(gate["i"]))
