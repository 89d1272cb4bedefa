"""Temporal order: two or three rare symbols among distractors; in which order did they come?"""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from longlag.tasks.base import (
    LADDER,
    Batch,
    Solved,
    Spec,
    Task,
    at_last_step,
    at_least,
    encode,
    guessed,
)

LETTERS = "abcdXYEB"  # distractors, the two that matter, start and end
DISTRACTORS, X, START, END = 4, 4, 6, 7
CRITERION = (
    "Hochreiter & Schmidhuber 1997, section 5.6: each output within 0.3 on 2000 training sequences "
    "in a row (here: on all of validation), besides an average training error below 0.1"
)


@dataclass(frozen=True, kw_only=True)
class Order(Task):
    """What both experiments share: everything but how many symbols matter, and where they stand.

    Args:
        length: of the shortest sequence, steps.
    """

    length: int = 100

    ladder = LADDER
    minimum = at_least(length=10)
    windows: ClassVar[tuple[tuple[int, int], ...]]  # first and last places, at length 100

    def define(self) -> Spec:
        """Ask for one of four (eight) orders, of eight symbols."""
        orders = tuple(
            "".join(order) for order in itertools.product("XY", repeat=len(self.windows))
        )
        return guessed(
            len(orders),
            "orders",
            input_size=len(LETTERS),
            metrics=("accuracy", "within"),
            solved=Solved("within", 1.0, CRITERION, published=True),
            tolerance=0.3,
            lag=self._scaled(110) - 1 - self._scaled(10),
            symbols=tuple(LETTERS),
            answers=orders,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw distractors, places, symbols and lengths, uniform and independent."""

        def draw(low: int, high: int) -> Tensor:
            return torch.randint(low, high + 1, (batch_size,), generator=rng)

        lengths = draw(self._scaled(100), self._scaled(110))
        places = [draw(self._scaled(low), self._scaled(high)) for low, high in self.windows]
        kinds, column = [draw(0, 1) for _ in self.windows], torch.arange(batch_size)
        T = int(lengths.max())
        seen = torch.randint(0, DISTRACTORS, (T, batch_size), generator=rng)
        seen[0] = START
        order = torch.zeros(batch_size, dtype=torch.int64)
        for place, kind in zip(places, kinds, strict=True):
            seen[place, column] = X + kind
            order = 2 * order + kind
        seen[lengths - 1, column] = END
        inside = torch.arange(T)[:, None] < lengths
        x = encode(seen.where(inside, len(LETTERS)), len(LETTERS))
        return Batch(x, *at_last_step(order, lengths), lengths)

    def _scaled(self, place: int) -> int:
        return max(1, place * self.length // 100)


@dataclass(frozen=True, kw_only=True)
class TemporalOrder(Order):
    """Tell XX, XY, YX and YY apart, long after both symbols were seen.

        E b d c X a a c ... d Y b a ... c B   ->   XY

    At length 100, as published: the sequence has 100 to 110 symbols, the first X or Y stands at
    10 to 20, the second at 50 to 60.  Other lengths scale all of these.  The four orders are
    equally likely and the last symbol is always B: who forgets scores 1/4, and ln 4 nats.

    Args:
        length: of the shortest sequence, steps.
    """

    name = "temporal_order"
    source = "Hochreiter & Schmidhuber 1997, experiment 6a"
    windows = ((10, 20), (50, 60))


@dataclass(frozen=True, kw_only=True)
class TemporalOrder3(Order):
    """Tell the eight orders of three symbols apart, long after all were seen.

        E b d X c a a c ... d Y b a ... c X a ... d B   ->   XYX

    As `TemporalOrder`, with symbols at 10 to 20, 33 to 43 and 66 to 76: 8 classes, floor 1/8 and
    ln 8 nats.

    Args:
        length: of the shortest sequence, steps.
    """

    name = "temporal_order_3"
    source = "Hochreiter & Schmidhuber 1997, experiment 6b"
    windows = ((10, 20), (33, 43), (66, 76))
