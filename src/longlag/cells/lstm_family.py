"""The LSTMs that came before, beside and after: which gates there are, and what they look at."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import AffineInputCell, one_of
from longlag.cells.initial import uniform_
from longlag.cells.lstm import LSTMState

NAMES = {"i": "input_gate", "f": "forget_gate", "o": "output_gate"}
GATES = {"i": ("own", "open"), "f": ("own", "open", "coupled"), "o": ("own", "open")}


class GateState(NamedTuple):
    """The hidden state, the cell state, and the gates, which are remembered too."""

    h: Float[Tensor, "*S H"]
    c: Float[Tensor, "*S H"]
    i: Float[Tensor, "*S H"]
    f: Float[Tensor, "*S H"]
    o: Float[Tensor, "*S H"]


class _Family(AffineInputCell):
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
        self.linear_candidate, self.R = False, None
        me = type(self).__name__
        for letter, kind in kinds.items():
            one_of(me, GATES[letter], **{NAMES[letter]: kind})
        if kinds["i"] == "open" and kinds["f"] == "coupled":
            raise ValueError(f"{me}: a coupled forget gate 1 - i needs an input gate of its own")
        if kinds["f"] == "open" and forget_bias is not None:
            raise ValueError(f"{me}: forget_bias is {forget_bias}, but there is no forget gate")
        if forget_bias is None and kinds["f"] != "open":
            forget_bias = 1.0
        self.gated = tuple(letter for letter in "ifo" if kinds[letter] == "own")
        self.coupled = kinds["f"] == "coupled"
        size = (1 + len(self.gated)) * hidden_size  # rows in the order i f o g, as far as there
        self.W_x = nn.Linear(input_size, size)
        self.W_h = nn.Linear(hidden_size, size, bias=False)
        here = peepholes and len(self.gated) > 0
        self.p = nn.Parameter(torch.empty(len(self.gated), hidden_size)) if here else None
        uniform_(self, hidden_size)
        if forget_bias is not None:
            letter, b_f = ("i", -forget_bias) if self.coupled else ("f", forget_bias)
            with torch.no_grad():
                self.W_x.bias.chunk(1 + len(self.gated))[self.gated.index(letter)].fill_(b_f)

    def gates_and_cell(
        self, u: Float[Tensor, "*S P"], s: LSTMState | GateState
    ) -> tuple[dict[str, Float[Tensor, "*S H"]], Float[Tensor, "*S H"]]:
        """Compute the gates that there are, the candidate g~, and c_t."""
        fed = () if self.R is None else self.R(torch.cat(s[2:], dim=-1)).chunk(3, dim=-1)
        *parts, candidate = (u + self.W_h(s.h)).chunk(1 + len(self.gated), dim=-1)
        if fed:
            parts = [part + more for part, more in zip(parts, fed, strict=True)]
        pre = dict(zip(self.gated, parts, strict=True))
        p = {} if self.p is None else dict(zip(self.gated, self.p.unbind(0), strict=True))

        def gate(letter: str, seen: Tensor) -> Tensor:
            return torch.sigmoid(pre[letter] + p[letter] * seen if p else pre[letter])

        found = {"g~": candidate if self.linear_candidate else torch.tanh(candidate)}
        found |= {letter: gate(letter, s.c) for letter in "if" if letter in pre}
        if self.coupled:
            found["f"] = 1 - found["i"]
        new = found["i"] * found["g~"] if "i" in found else found["g~"]
        new = new + (found["f"] * s.c if "f" in found else s.c)
        if "o" in pre:
            found["o"] = gate("o", new)
        return found, new

    def gates(
        self, u: Float[Tensor, "*S P"], s: LSTMState | GateState
    ) -> dict[str, Float[Tensor, "*S H"]]:
        """Compute those of i_t, f_t and o_t that there are, and g_t."""
        return self.gates_and_cell(u, s)[0]

    def keep(
        self, u: Float[Tensor, "*S P"], s: LSTMState | GateState
    ) -> Mapping[str, Float[Tensor, "*S H"]]:
        """Return f_t, which keeps c; without a forget gate ones, for all of it stays."""
        return {"c": self.gates(u, s).get("f", torch.ones_like(s.c))}


class LSTMVariant(_Family):
    r"""The LSTM of Greff et al. and its ablations: each gate may be there or not.

        i_t = sigmoid(W_i x_t + U_i h_(t-1) + p_i * c_(t-1) + b_i)     input gate; open: 1
        f_t = sigmoid(W_f x_t + U_f h_(t-1) + p_f * c_(t-1) + b_f)     forget gate; open: 1,
                                                                       coupled: 1 - i_t
        g_t = tanh(W_g x_t + U_g h_(t-1) + b_g)                        candidate
        c_t = f_t * c_(t-1) + i_t * g_t                                cell state
        o_t = sigmoid(W_o x_t + U_o h_(t-1) + p_o * c_t + b_o)         output gate; open: 1
        h_t = o_t * tanh(c_t)                                          hidden state

    At its defaults it is their vanilla LSTM, but for the forget bias: theirs start N(0, 0.01), as
    all weights.  The peepholes are those of Gers et al. 2002, whose own net has no squashing of
    the input or the output (`input_activation` and `output_activation` identity).

    Args:
        input_size: I.
        hidden_size: H.
        input_gate: `own` or `open` (NIG).
        forget_gate: `own`, `open` (NFG) or `coupled` (CIFG).
        output_gate: `own` or `open` (NOG).
        input_activation: `tanh` or `identity` (NIAF), of the candidate.
        output_activation: `tanh` or `identity` (NOAF), of c_t.
        peepholes: whether the gates see the cell state through p.
        forget_bias: b_f at the start (coupled: -b_i); None: 1 where there is such a gate.

    Source: Greff et al. 2015, "LSTM: a search space odyssey", section 2 and its list of variants;
    peepholes: Gers, Schraudolph & Schmidhuber 2002; without a forget gate and peepholes, the
    recurrence (not the net, see LSTM1997) of Hochreiter & Schmidhuber 1997.
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
        activations = {"input_activation": input_activation, "output_activation": output_activation}
        one_of("LSTMVariant", ("tanh", "identity"), **activations)
        self.linear_candidate = input_activation == "identity"
        self.linear_output = output_activation == "identity"

    def step(self, u: Float[Tensor, "*S P"], s: LSTMState) -> LSTMState:
        """Compute c_t and h_t."""
        gate, c = self.gates_and_cell(u, s)
        h = c if self.linear_output else torch.tanh(c)
        return LSTMState(gate["o"] * h if "o" in gate else h, c)


class FullGateLSTM(_Family):
    r"""The LSTM with peepholes whose gates also see all gates of the step before (FGR).

        i_t = sigmoid(W_i x_t + U_i h_(t-1) + p_i * c_(t-1) + R_i [i, f, o]_(t-1) + b_i)
        f_t and o_t likewise (o_t with p_o * c_t); g_t, c_t and h_t as in LSTMVariant

    Args:
        input_size: I.
        hidden_size: H.
        forget_bias: b_f at the start.

    Source: Greff et al. 2015, "LSTM: a search space odyssey", FGR, after the gates that feed gates
    in Hochreiter & Schmidhuber 1997.
    """

    State = GateState

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        own = dict.fromkeys("ifo", "own")
        super().__init__(input_size, hidden_size, own, True, forget_bias)
        self.R = nn.Linear(3 * hidden_size, 3 * hidden_size, bias=False)
        uniform_(self.R, hidden_size)

    def step(self, u: Float[Tensor, "*S P"], s: GateState) -> GateState:
        """Compute h_t, c_t and the gates."""
        gate, c = self.gates_and_cell(u, s)
        return GateState(gate["o"] * torch.tanh(c), c, gate["i"], gate["f"], gate["o"])
