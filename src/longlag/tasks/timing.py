"""Time itself is the message: intervals between spikes, and how fast something oscillates."""

import math
from dataclasses import dataclass

import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_last_step, require


@dataclass(frozen=True, kw_only=True)
class MeasureInterval(Task):
    """Say at the second spike how long ago the first one was.

        | . . . . . |   ->   6 / L        (spikes at steps 0 and 6; L the longest interval)

    Intervals are uniform in 1 .. L.  Always answering the mean has the variance of the target,
    (L^2 - 1) / (12 L^2).

    Args:
        length: L, the longest interval, steps.

    Source: Gers, Schraudolph & Schmidhuber 2002, section 4 (measuring spike delays).
    """

    length: int = 50

    name = "timing_measure"
    source = "Gers, Schraudolph & Schmidhuber 2002, section 4"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("timing_measure", length=(self.length, self.length >= 2, "at least 2"))

    def define(self) -> Spec:
        """A spike train in, a number at its end."""
        variance = (1 - self.length**-2) / 12
        return Spec(
            kind="regression",
            input_size=1,
            output_size=1,
            metrics=("mse", "within"),
            floors=(Floor("mse", variance, "always answer the mean: the target's variance"),),
            solved=Solved("within", 0.99, "longlag's own"),
            lag=self.length,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Intervals uniform."""
        interval = torch.randint(1, self.length + 1, (batch_size,), generator=rng)
        T, column = int(interval.max()) + 1, torch.arange(batch_size)
        x, weight = torch.zeros(T, batch_size, 1), torch.zeros(T, batch_size)
        x[0] = x[interval, column] = 1
        weight[interval, column] = 1
        target = (interval / self.length)[:, None].expand(T, -1, -1)
        return Batch(x, target, weight, interval + 1)


@dataclass(frozen=True, kw_only=True)
class GenerateInterval(Task):
    """After two spikes, spike a third time, as late again.

        input    | . . . | . . . . . .
        target   . . . . . . . . | . .

    Intervals are uniform in 1 .. L, sequences have 2 L + 1 steps, all asked.  A sequence is right
    when its only spike comes at the right step: who spikes at one fixed step has 1/L right.

    Args:
        length: L, the longest interval, steps.

    Source: Gers, Schraudolph & Schmidhuber 2002, section 5 (generating timed spikes).
    """

    length: int = 50

    name = "timing_generate"
    source = "Gers, Schraudolph & Schmidhuber 2002, section 5"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("timing_generate", length=(self.length, self.length >= 2, "at least 2"))

    def define(self) -> Spec:
        """A spike train in, a spike train out."""
        return Spec(
            kind="multilabel",
            input_size=1,
            output_size=1,
            metrics=("sequence_accuracy", "nll"),
            floors=(Floor("sequence_accuracy", 1 / self.length, "spike at one fixed step"),),
            solved=Solved("sequence_accuracy", 0.99, "longlag's own"),
            lag=2 * self.length,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Intervals uniform."""
        interval = torch.randint(1, self.length + 1, (batch_size,), generator=rng)
        T, column = 2 * self.length + 1, torch.arange(batch_size)
        x, target = torch.zeros(T, batch_size, 1), torch.zeros(T, batch_size, 1)
        x[0] = x[interval, column] = target[2 * interval, column] = 1
        return Batch(x, target, torch.ones(T, batch_size))


@dataclass(frozen=True, kw_only=True)
class Frequency(Task):
    """Say which of two oscillations, one after the other, was the faster one.

        up down up down up down | up up down down up up   ->   first

    Each half is a sine with a period of its own, 4 to 12 steps, and a phase of its own; one period
    is 1.2 to 1.5 times the other.  Which is faster is a coin, asked at the end: chance is 1/2.

    Args:
        length: T, steps of both halves together.

    Source: longlag's own, for the comparison of delays in Gers, Schraudolph & Schmidhuber 2002.
    """

    length: int = 100

    name = "frequency"
    source = "longlag, after Gers, Schraudolph & Schmidhuber 2002"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("frequency", length=(self.length, self.length >= 24, "at least 24"))

    def define(self) -> Spec:
        """A number in, one of two halves at the end."""
        guess = "guess one of 2 halves"
        return Spec(
            kind="classification",
            input_size=1,
            output_size=2,
            metrics=("accuracy",),
            floors=(Floor("accuracy", 1 / 2, guess), Floor("loss", math.log(2), guess)),
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length - 1,
            answers=("first", "second"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Periods, phases and the coin uniform and independent."""
        fast = 4 + 4 * torch.rand(batch_size, generator=rng)
        slow = fast * (1.2 + 0.3 * torch.rand(batch_size, generator=rng))
        phase = 2 * math.pi * torch.rand(2, batch_size, generator=rng)
        label = torch.randint(0, 2, (batch_size,), generator=rng)
        period = torch.stack([fast.where(label == 0, slow), slow.where(label == 0, fast)])
        half = (torch.arange(self.length) >= self.length // 2).long()
        t = torch.arange(self.length)[:, None]
        x = torch.sin(2 * math.pi * t / period[half] + phase[half])
        return Batch(x[..., None], *at_last_step(label, self.length))
