"""The embedded Reber grammar: say which symbols may come next; the last but one repeats the second.

    B T [B ... E] T E        with a string of the inner grammar in brackets,
    B P [B ... E] P E        which says nothing of the outer T or P

The inner grammar, as states and the two ways out of each:

    0: T->1 P->2    1: S->1 X->3    2: T->2 V->4    3: X->2 S->5    4: P->3 V->5    5: E
"""

import functools
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_least, encode

LETTERS = "BTSXPVE"
INNER = {0: "T1P2", 1: "S1X3", 2: "T2V4", 3: "X2S5", 4: "P3V5"}
BEGIN, CHOICE, LAST = 0, 1, 2  # states of the outer grammar; 3 .. 18: T's eight, then P's eight
FIRST = Solved(
    "successors_first",
    1.0,
    "Hochreiter & Schmidhuber 1997, section 5.1: the possible successors are always the "
    "most active outputs, on 256 training and 256 test strings (here: on all of validation)",
    True,
)
MEAN = 12  # symbols of a string, on average: six of the walk through the inner grammar, and six


def automaton() -> tuple[np.ndarray, np.ndarray]:
    """Tabulate (next, emitted), each (state, bit): where a fair coin leads, and the symbol then."""
    follow, emit = np.zeros((19, 2), dtype=np.int64), np.zeros((19, 2), dtype=np.int64)

    def way(state: int, bit: int, letter: str, to: int) -> None:
        follow[state, bit], emit[state, bit] = to, LETTERS.index(letter)

    for bit, outer in enumerate("TP"):
        first = 3 + 8 * bit  # first: opens the inner string; 1 + i: its state i; + 7: closed
        way(BEGIN, bit, "B", CHOICE)
        way(CHOICE, bit, outer, first)
        way(LAST, bit, "E", BEGIN)
        for both in (0, 1):
            way(first, both, "B", first + 1)
            way(first + 6, both, "E", first + 7)
            way(first + 7, both, outer, LAST)
        for state, ways in INNER.items():
            way(first + 1 + state, 0, ways[0], first + 1 + int(ways[1]))
            way(first + 1 + state, 1, ways[2], first + 1 + int(ways[3]))
    return follow, emit


FOLLOW, EMIT = automaton()
LEGAL = torch.eye(len(LETTERS))[torch.from_numpy(EMIT)].amax(1)  # (state, symbol)


def jumps(size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Tabulate (states, emitted), each (state, bits of a byte, step): eight steps at once."""
    bits = np.arange(2**size)[None, :] * np.ones((len(FOLLOW), 1), dtype=np.int64)
    now = np.arange(len(FOLLOW))[:, None] + 0 * bits
    states, emitted = [], []
    for i in range(size):
        bit = (bits >> i) & 1
        emitted.append(EMIT[now, bit])
        now = FOLLOW[now, bit]
        states.append(now)
    return np.stack(states, axis=-1), np.stack(emitted, axis=-1)


STATES, EMITTED = jumps()


@functools.cache
def of_symbol_alone(steps: int) -> tuple[float, Tensor]:
    """Compute the share of steps that each symbol's likeliest set gets, and these sets (7,7)."""
    sets, which = np.unique(LEGAL.numpy(), axis=0, return_inverse=True)
    share = np.zeros((len(LETTERS), len(sets)))
    at = np.eye(len(FOLLOW))[BEGIN]  # how likely each state is, before a step
    for _ in range(steps):
        np.add.at(share, (EMIT, which[FOLLOW]), at[:, None] / 2)
        at = np.bincount(FOLLOW.ravel(), np.repeat(at / 2, 2), len(FOLLOW))
    return float(share.max(1).sum() / steps), torch.from_numpy(sets[share.argmax(1)])


def walk(state: np.ndarray, steps: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Emit symbols (steps,B) from `state` (B,) on; return them and the state after each."""
    coins = torch.randint(0, 256, (-(-steps // 8), len(state)), generator=rng).numpy()
    froms = np.empty_like(coins)
    for i, eight in enumerate(coins):
        froms[i] = state
        state = STATES[state, eight, -1]

    def stretched(table: np.ndarray) -> np.ndarray:
        return table[froms, coins].transpose(0, 2, 1).reshape(-1, len(state))[:steps]

    return stretched(EMITTED), stretched(STATES)


def described(floor: Floor, baseline: Floor, metrics: tuple[str, ...], solved: Solved) -> Spec:
    """Ask whether each of seven symbols may come next."""
    return Spec(
        kind="multilabel",
        input_size=len(LETTERS),
        output_size=len(LETTERS),
        metrics=metrics,
        floors=(floor,),
        baselines=(baseline,),
        solved=solved,
        symbols=tuple(LETTERS),
        answers=tuple(LETTERS),
    )


@dataclass(frozen=True, kw_only=True)
class OneString(Task):
    """What tasks of one embedded Reber string share: the strings, and all but the targets."""

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Take both ways out of every state equally often."""
        symbols, states = walk(np.full(batch_size, BEGIN), 24, rng)
        while not (states == LAST).any(0).all():  # a longer string is rare
            more = walk(states[-1], 24, rng)
            symbols, states = np.concatenate([symbols, more[0]]), np.concatenate([states, more[1]])
        lengths = torch.from_numpy((states == LAST).argmax(0) + 1)  # the last T or P included
        T = int(lengths.max())
        inside = torch.arange(T)[:, None] < lengths
        x = encode(torch.from_numpy(symbols[:T]).where(inside, len(LETTERS)), len(LETTERS))
        target = self.targets(torch.from_numpy(symbols), torch.from_numpy(states))[:T]
        return Batch(x, target * inside[..., None], inside.float(), lengths)

    @abstractmethod
    def targets(self, symbols: Tensor, states: Tensor) -> Tensor:
        """Say what is asked (T,B,7) of symbols (T,B) and of the states that they lead to."""

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer the likeliest set of each symbol."""
        return batch.x @ (2 * of_symbol_alone(MEAN)[1] - 1)


@dataclass(frozen=True, kw_only=True)
class EmbeddedReber(OneString):
    """Say after each symbol which may come next, in one string of the embedded Reber grammar.

        input    B   T   B   P   V   V   E   T
        target   TP  B   TP  TV  PV  E   T   E      (every symbol that is legal there)

    A string is right when all its sets of legal symbols are.  Who sees the current symbol alone has
    none right: the outer T or P asks for B the first time and for E the second.  Who knows the
    inner grammar too but has forgotten the second symbol guesses the last but one: 1/2.
    """

    name = "reber"
    version = 2
    source = "Hochreiter & Schmidhuber 1997, section 5.1 (experiment 1)"
    few = "the shortest strings are the likeliest"

    def define(self) -> Spec:
        """Ask for all strings right."""
        floor = Floor("sequence_accuracy", 0.0, "know the current symbol alone")
        guess = Floor("sequence_accuracy", 1 / 2, "know the grammar, guess the last T or P")
        metrics = ("sequence_accuracy", "successors_first", "accuracy", "nll")
        return described(floor, guess, metrics, FIRST)

    def targets(self, symbols: Tensor, states: Tensor) -> Tensor:
        """Give every symbol that is legal there."""
        return LEGAL[states]


@dataclass(frozen=True, kw_only=True)
class NextReber(OneString):
    """Predict the next symbol of one string of the embedded Reber grammar, as in 1997.

        input    B   T   B   P   V   V   E   T
        target   T   B   T   V   V   E   T   E      (the symbol that comes)

    What is trained is the symbol that came, one of two where two are legal; what is judged is
    whether the legal ones are the most active outputs: validation and test ask for them, as
    `EmbeddedReber` does.  Who sees the current symbol alone has no string right.
    """

    name = "reber_next"
    source = "Hochreiter & Schmidhuber 1997, section 5.1 (experiment 1)"
    few = "the shortest strings are the likeliest"

    def define(self) -> Spec:
        """Ask for the legal symbols to come first in all strings."""
        floor = Floor("successors_first", 0.0, "know the current symbol alone")
        guess = Floor("successors_first", 1 / 2, "know the grammar, guess the last T or P")
        return described(floor, guess, ("successors_first",), FIRST)

    def evaluated(self) -> EmbeddedReber:
        """Return the task whose targets are all legal symbols."""
        return EmbeddedReber()

    def targets(self, symbols: Tensor, states: Tensor) -> Tensor:
        """Give the symbol that comes; behind the last T or P that is E."""
        end = torch.full_like(symbols[:1], LETTERS.index("E"))
        return encode(torch.cat([symbols[1:], end]), len(LETTERS))


@dataclass(frozen=True, kw_only=True)
class ContinualReber(Task):
    """Say after each symbol which may come next, in an endless stream of embedded Reber strings.

        input    B   T   B   P   V   V   E   T   E   B   P   B ...
        target   TP  B   TP  TV  PV  E   T   E   B   TP  B   TP ...

    Nothing marks where a string begins.  The score is the share of steps with the right set of
    legal symbols; who sees the current symbol alone answers with its most frequent set.  A string
    has 12 symbols on average, of which the last T or P takes a long memory: who knows the grammar
    and forgets that alone is right in 1 - 1/24 of all steps, or in a little more, as the stream
    starts with a fresh string.  The paper asks for 10^6 symbols in a row ("perfect"); here every
    symbol of each stream is asked.

    Args:
        length: T, steps of the stream.
    """

    length: int = 200

    name = "reber_continual"
    version = 2
    source = "Gers, Schmidhuber & Cummins 2000 (continual embedded Reber grammar)"
    minimum = at_least(length=8)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for every step of the stream right."""
        floor = Floor("accuracy", of_symbol_alone(self.length)[0], "know the current symbol alone")
        why = "know the grammar, guess the last T or P of each string: one in 12 symbols"
        guess = Floor("accuracy", 1 - 1 / (2 * MEAN), why)
        metrics = ("accuracy", "sequence_accuracy", "successors_first", "nll")
        return described(floor, guess, metrics, Solved("sequence_accuracy", 1.0, "longlag's own"))

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Take both ways out of every state equally often."""
        symbols, states = map(torch.from_numpy, walk(np.full(batch_size, BEGIN), self.length, rng))
        weight: Tensor = torch.ones(self.length, batch_size)
        return Batch(encode(symbols, len(LETTERS)), LEGAL[states], weight)

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer the likeliest set of each symbol."""
        return batch.x @ (2 * of_symbol_alone(self.length)[1] - 1)
