"""Temporal order: two or three rare symbols among distractors; in which order did they come?"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, encode, require

LETTERS = "abcdXYEB"  # distractors, the two that matter, start and end
DISTRACTORS, X, START, END = 4, 4, 6, 7
WINDOWS = {  # where the relevant symbols stand, first and last place, at length 100
    2: ((10, 20), (50, 60)),
    3: ((10, 20), (33, 43), (66, 76)),
}


@dataclass(frozen=True, kw_only=True)
class TemporalOrder(Task):
    """Tell XX, XY, YX and YY apart, long after the symbols were seen.

        E b d c X a a c ... d Y b a ... c B   ->   XY

    At length 100, as published: the sequence has 100 to 110 symbols, the first X or Y stands at
    10 to 20, the second at 50 to 60 (of three: 10 to 20, 33 to 43, 66 to 76).  Other lengths
    scale all of these.  All 4 (or 8) orders are equally likely and the last symbol, B, is the
    same for all: who remembers nothing guesses, accuracy 1/4 (1/8) and ln 4 (ln 8) nats.

    Args:
        length: of the shortest sequence, steps.
        relevant: 2 (experiment 6a) or 3 (experiment 6b) symbols that matter.

    Source: Hochreiter & Schmidhuber 1997, experiments 6a and 6b.
    """

    length: int = 100
    relevant: int = 2

    name = "temporal_order"
    source = "Hochreiter & Schmidhuber 1997, experiments 6a and 6b"
    ladder = LADDER

    def __post_init__(self) -> None:
        require(
            "temporal_order",
            length=(self.length, self.length >= 10, "at least 10"),
            relevant=(self.relevant, self.relevant in WINDOWS, "2 or 3"),
        )

    def define(self) -> Spec:
        """Eight symbols in, one of four (eight) orders out."""
        orders = tuple("".join(o) for o in itertools.product("XY", repeat=self.relevant))
        guess = f"guess one of {len(orders)} orders"
        return Spec(
            kind="classification",
            input_size=len(LETTERS),
            output_size=len(orders),
            metrics=("accuracy",),
            floors=(
                Floor("accuracy", 1 / len(orders), guess),
                Floor("loss", math.log(len(orders)), guess),
            ),
            solved=Solved("accuracy", 0.99, "longlag, for Hochreiter & Schmidhuber 1997's 0.3"),
            lag=self._scaled(110) - 1 - self._scaled(10),
            symbols=tuple(LETTERS),
            answers=orders,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Distractors, places, symbols and lengths uniform and independent."""

        def draw(low: int, high: int) -> Tensor:
            return torch.randint(low, high + 1, (batch_size,), generator=rng)

        lengths = draw(self._scaled(100), self._scaled(110))
        T, column = int(lengths.max()), torch.arange(batch_size)
        seen = torch.randint(0, DISTRACTORS, (T, batch_size), generator=rng)
        seen[0] = START
        order = torch.zeros(batch_size, dtype=torch.int64)
        for first, last in WINDOWS[self.relevant]:
            place, kind = draw(self._scaled(first), self._scaled(last)), draw(0, 1)
            seen[place, column] = X + kind
            order = 2 * order + kind
        seen[lengths - 1, column] = END
        inside = torch.arange(T)[:, None] < lengths
        x = encode(seen.where(inside, len(LETTERS)), len(LETTERS))
        weight = torch.zeros(T, batch_size)
        weight[lengths - 1, column] = 1
        return Batch(x, order.expand(T, -1), weight, lengths)

    def _scaled(self, place: int) -> int:
        return max(1, place * self.length // 100)
