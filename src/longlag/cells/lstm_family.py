"""The LSTMs that came before, beside and after: which gates there are, and what they look at."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from longlag.cells.base import Cell
from longlag.cells.initial import uniform_
from longlag.cells.lstm import LSTMState

NAMES = {"i": "input_gate", "f": "forget_gate", "o": "output_gate"}
GATES = {"i": ("own", "open"), "f": ("own", "open", "coupled"), "o": ("own", "open")}


class _Family(Cell):
    """What all share: the equations, of which each member leaves some parts out."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        kinds: dict[str, str],
        peepholes: bool,
        forget_bias: float | None,
    ) -> None:
        super().__init__(input_size, hidden_size)
        me = type(self).__name__
        for letter, kind in kinds.items():
            if kind not in GATES[letter]:
                allowed = " or ".join(GATES[letter])
                raise ValueError(f"{me}: {NAMES[letter]} must be {allowed}, not {kind!r}")
        if kinds["i"] == "open" and kinds["f"] == "coupled":
            raise ValueError(f"{me}: a coupled forget gate 1 - i needs an input gate of its own")
        if kinds["f"] == "open" and forget_bias is not None:
            raise ValueError(f"{me}: forget_bias is {forget_bias}, but there is no forget gate")
        self.gated = tuple(letter for letter in "ifo" if kinds[letter] == "own")
        self.coupled = kinds["f"] == "coupled"
        size = (1 + len(self.gated)) * hidden_size  # rows in the order i f o C~, as far as there
        self.inp = nn.Linear(input_size, size)
        self.rec = nn.Linear(hidden_size, size, bias=False)
        here = peepholes and len(self.gated) > 0
        self.peep = nn.Parameter(torch.empty(len(self.gated), hidden_size)) if here else None
        uniform_(self, hidden_size)
        if forget_bias is not None:
            letter, b_f = ("i", -forget_bias) if self.coupled else ("f", forget_bias)
            with torch.no_grad():
                self.inp.bias.chunk(1 + len(self.gated))[self.gated.index(letter)].fill_(b_f)

    def project(self, x: Tensor) -> Tensor:
        """W x_t + b, for the candidate and the gates that there are."""
        return self.inp(x)

    def inside(
        self, a: Tensor, c: Tensor, linear: bool, extra: Tensor | None = None
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The gates and C_t, from a = W x_t + U h_(t-1) + b and C_(t-1)."""
        *parts, candidate = a.chunk(1 + len(self.gated), dim=-1)
        if extra is not None:
            parts = [p + e for p, e in zip(parts, extra.chunk(len(parts), dim=-1), strict=True)]
        pre = dict(zip(self.gated, parts, strict=True))
        peep = {} if self.peep is None else dict(zip(self.gated, self.peep.unbind(0), strict=True))

        def gate(letter: str, seen: Tensor) -> Tensor:
            p = peep.get(letter)
            return torch.sigmoid(pre[letter] if p is None else pre[letter] + p * seen)

        found = {"C~": candidate if linear else torch.tanh(candidate)}
        found |= {letter: gate(letter, c) for letter in "if" if letter in pre}
        if self.coupled:
            found["f"] = 1 - found["i"]
        new = found["i"] * found["C~"] if "i" in found else found["C~"]
        new = new + (found["f"] * c if "f" in found else c)
        if "o" in pre:
            found["o"] = gate("o", new)
        return found, new


class LSTMVariant(_Family):
    r"""The LSTM of Greff et al. and its ablations: each gate may be there or not.

        i_t  = sigmoid(W_i x_t + U_i h_(t-1) + p_i * C_(t-1) + b_i)    input gate; open: 1
        f_t  = sigmoid(W_f x_t + U_f h_(t-1) + p_f * C_(t-1) + b_f)    forget gate; open: 1,
                                                                       coupled: 1 - i_t
        C~_t = tanh(W_C x_t + U_C h_(t-1) + b_C)                       candidate
        C_t  = f_t * C_(t-1) + i_t * C~_t                              cell state
        o_t  = sigmoid(W_o x_t + U_o h_(t-1) + p_o * C_t + b_o)        output gate; open: 1
        h_t  = o_t * tanh(C_t)                                         hidden state

    Args:
        input_size: I.
        hidden_size: H.
        input_gate: `own` or `open` (NIG).
        forget_gate: `own`, `open` (NFG; Hochreiter & Schmidhuber 1997) or `coupled` (CIFG).
        output_gate: `own` or `open` (NOG).
        input_activation: `tanh` or `identity` (NIAF), of the candidate.
        output_activation: `tanh` or `identity` (NOAF), of C_t.
        peepholes: whether the gates see the cell state through p (Gers et al. 2002).
        forget_bias: b_f at the start (coupled: -b_i); None: as every other bias.

    Source: Greff et al. 2015, "LSTM: a search space odyssey".
    """

    State = LSTMState

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        input_gate: Literal["own", "open"] = "own",
        forget_gate: Literal["own", "open", "coupled"] = "own",
        output_gate: Literal["own", "open"] = "own",
        input_activation: Literal["tanh", "identity"] = "tanh",
        output_activation: Literal["tanh", "identity"] = "tanh",
        peepholes: bool = True,
        forget_bias: float | None = None,
    ) -> None:
        kinds = {"i": input_gate, "f": forget_gate, "o": output_gate}
        super().__init__(input_size, hidden_size, kinds, peepholes, forget_bias)
        for name, kind in (("input", input_activation), ("output", output_activation)):
            if kind not in ("tanh", "identity"):
                raise ValueError(
                    f"LSTMVariant: {name}_activation must be tanh or identity, not {kind!r}"
                )
        self.input_activation, self.output_activation = input_activation, output_activation

    def gates(self, u: Tensor, s: LSTMState) -> dict[str, Tensor]:
        """C~_t and those of i_t, f_t and o_t that there are."""
        return self.inside(u + self.rec(s.h), s.c, self.input_activation == "identity")[0]

    def step(self, u: Tensor, s: LSTMState) -> LSTMState:
        """C_t and h_t."""
        linear = self.input_activation == "identity"
        gate, c = self.inside(u + self.rec(s.h), s.c, linear)
        h = c if self.output_activation == "identity" else torch.tanh(c)
        return LSTMState(gate["o"] * h if "o" in gate else h, c)


class GateState(NamedTuple):
    """The hidden state, the cell state, and the gates, which are remembered too."""

    h: Tensor
    c: Tensor
    i: Tensor
    f: Tensor
    o: Tensor


class FullGateLSTM(_Family):
    r"""The LSTM with peepholes whose gates also see all gates of the step before (FGR).

        i_t = sigmoid(W_i x_t + U_i h_(t-1) + p_i * C_(t-1) + R_i [i, f, o]_(t-1) + b_i)
        f_t and o_t likewise (o_t with p_o * C_t); C~_t, C_t and h_t as in LSTMVariant

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start; None: as every other bias.

    Source: Greff et al. 2015, "FGR", after Hochreiter & Schmidhuber 1997.
    """

    State = GateState

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        own = dict.fromkeys("ifo", "own")
        super().__init__(input_size, hidden_size, own, True, forget_bias)
        self.rec_gates = nn.Linear(3 * hidden_size, 3 * hidden_size, bias=False)
        uniform_(self.rec_gates, hidden_size)

    def seen(self, u: Tensor, s: GateState) -> tuple[dict[str, Tensor], Tensor]:
        """The gates and C_t."""
        extra = self.rec_gates(torch.cat([s.i, s.f, s.o], dim=-1))
        return self.inside(u + self.rec(s.h), s.c, False, extra)

    def gates(self, u: Tensor, s: GateState) -> dict[str, Tensor]:
        """C~_t, i_t, f_t and o_t."""
        return self.seen(u, s)[0]

    def step(self, u: Tensor, s: GateState) -> GateState:
        """h_t, C_t and the gates."""
        gate, c = self.seen(u, s)
        return GateState(gate["o"] * torch.tanh(c), c, gate["i"], gate["f"], gate["o"])
