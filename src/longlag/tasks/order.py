"""Temporal order: two rare symbols among distractors; in which order did they come?"""

import math
from dataclasses import dataclass

import torch
from torch import Generator

from longlag.tasks.base import Batch, Floor, Solved, Spec, Task, encode, require

LETTERS = "abcdXYEB"  # distractors, the two that matter, start and end
X, END, START = 4, 7, 6


@dataclass(frozen=True, kw_only=True)
class TemporalOrder(Task):
    """Tell XX, XY, YX and YY apart, long after both symbols were seen.

        E b d c X a a c ... d Y b a ... c B   ->   XY

    At length 100, as published: the sequence has 100 to 110 symbols, the first X or Y stands at
    10 to 20, the second at 50 to 60.  Other lengths scale all of these.

    Args:
        length: of the shortest sequence, steps.

    Source: Hochreiter & Schmidhuber 1997, experiment 6a.
    """

    length: int = 100

    name = "temporal_order"
    source = "Hochreiter & Schmidhuber 1997, experiment 6a"

    def __post_init__(self) -> None:
        require("temporal_order", length=(self.length, self.length >= 10, "at least 10"))

    def define(self) -> Spec:
        """Eight symbols in, one of four orders out."""
        guess = "guess one of 4 orders"
        return Spec(
            kind="classification",
            input_size=len(LETTERS),
            output_size=4,
            metrics=("accuracy",),
            floors=(Floor("accuracy", 1 / 4, guess), Floor("loss", math.log(4), guess)),
            solved=Solved("accuracy", 0.99, "Hochreiter & Schmidhuber 1997, experiment 6a"),
            lag=self._scaled(110) - 1 - self._scaled(10),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Distractors, places, symbols and lengths uniform and independent."""

        def draw(low: int, high: int) -> torch.Tensor:
            return torch.randint(low, high + 1, (batch_size,), generator=rng)

        lengths = draw(self._scaled(100), self._scaled(110))
        first = draw(self._scaled(10), self._scaled(20))
        second = draw(self._scaled(50), self._scaled(60))
        kinds, column = (draw(0, 1), draw(0, 1)), torch.arange(batch_size)
        T = int(lengths.max())
        seen = torch.randint(0, X, (T, batch_size), generator=rng)
        seen[0] = START
        seen[first, column], seen[second, column] = X + kinds[0], X + kinds[1]
        seen[lengths - 1, column] = END
        weight = torch.zeros(T, batch_size)
        weight[lengths - 1, column] = 1
        inside = torch.arange(T)[:, None] < lengths
        x = encode(seen.where(inside, len(LETTERS)), len(LETTERS))
        target = (2 * kinds[0] + kinds[1]).expand(T, -1)
        return Batch(x, target, weight, lengths)

    def _scaled(self, place: int) -> int:
        return max(1, place * self.length // 100)
