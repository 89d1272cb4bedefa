"""Time itself is the message: intervals between spikes, and how fast something oscillates."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from longlag.tasks.base import (
    LADDER,
    Batch,
    Floor,
    Solved,
    Spec,
    Task,
    at_last_step,
    at_least,
    guessed,
)

PERIODS = 6  # of frequency


@dataclass(frozen=True, kw_only=True)
class MeasureInterval(Task):
    """Say at the second spike how much longer than F steps ago the first one was.

        | . . . . . |   ->   1 / S        (spikes at steps 0 and 6; F = 5, S the spread)

    Intervals are F + I steps with I uniform in 0 .. S, so that none is short; the answer is I / S
    and counts as right when it is less than 0.49 steps off.  Always answering the mean has the
    variance of the target, (S + 2) / (12 S).  The task measures spike delays as Gers et al. do, but
    on one pair of spikes at a time instead of an endless stream.

    Args:
        length: F, the shortest interval, steps.
        spread: S, how much longer the longest one is.
    """

    length: int = 50
    spread: int = 10

    name = "timing_measure"
    version = 2
    source = "longlag, after Gers, Schraudolph & Schmidhuber 2002 (measuring spike delays)"
    few = "there is one for each interval"
    ladder = LADDER
    minimum = at_least(length=1, spread=1)

    def define(self) -> Spec:
        """Ask for a number at the end of a spike train."""
        variance = (self.spread + 2) / (12 * self.spread)
        return Spec(
            kind="regression",
            input_size=1,
            output_size=1,
            metrics=("mse", "within"),
            floors=(Floor("mse", variance, "always answer the mean: the target's variance"),),
            constant=0.5,
            solved=Solved("within", 0.99, "longlag's own: less than 0.49 steps off"),
            tolerance=0.49 / self.spread,
            lag=self.length + self.spread,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw intervals, uniform."""
        more = torch.randint(0, self.spread + 1, (batch_size,), generator=rng)
        interval, column = self.length + more, torch.arange(batch_size)
        T = int(interval.max()) + 1
        x, weight = torch.zeros(T, batch_size, 1), torch.zeros(T, batch_size)
        x[0] = x[interval, column] = 1
        weight[interval, column] = 1
        target = (more / self.spread)[:, None].expand(T, -1, -1)
        return Batch(x, target, weight, interval + 1)


@dataclass(frozen=True, kw_only=True)
class GenerateInterval(Task):
    """After two spikes, spike a third time, as late again.

        input    | . . . | . . . . . .
        target   . . . . . . . . | . .

    Intervals are uniform in 1 .. L, sequences have 2 L + 1 steps, all asked.  A sequence is right
    when its only spike comes at the right step: who spikes at one fixed step has 1/L right.  In the
    timed spikes of Gers et al. no second spike shows the interval: the net learns one by heart.

    Args:
        length: L, the longest interval, steps.
    """

    length: int = 50

    name = "timing_generate"
    source = "longlag, after Gers, Schraudolph & Schmidhuber 2002 (generating timed spikes)"
    few = "there is one for each interval"
    ladder = LADDER
    minimum = at_least(length=2)

    def define(self) -> Spec:
        """Ask for a spike train, of a spike train."""
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
        """Draw intervals, uniform."""
        interval = torch.randint(1, self.length + 1, (batch_size,), generator=rng)
        T, column = 2 * self.length + 1, torch.arange(batch_size)
        x, target = torch.zeros(T, batch_size, 1), torch.zeros(T, batch_size, 1)
        x[0] = x[interval, column] = target[2 * interval, column] = 1
        return Batch(x, target, torch.ones(T, batch_size))

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Spike at step 2, as after the shortest interval."""
        answer = torch.full_like(batch.target, -1.0)
        answer[2] = 1
        return answer


@dataclass(frozen=True, kw_only=True)
class Frequency(Task):
    """Say whether two oscillations, one after the other, have the same frequency.

        up down up down up down | up up down down up up   ->   other

    Each half is a sine with a phase of its own and one of six periods, 4 to 12.2 steps, of which
    each is 1.25 times the one before.  The second half has the first one's period or, as often, one
    of the five others: each half alone has every period equally often, whatever the answer is, so
    that one must be kept until the other is known.  Chance is 1/2, ln 2 nats.

    Args:
        length: T, steps of both halves together.
    """

    length: int = 100

    name = "frequency"
    version = 2
    source = "longlag's own: delayed comparison, as with spikes in Gers et al. 2002"
    minimum = at_least(length=26)  # a half holds one turn of the slowest
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for the same or not at the end, of a number a step."""
        return guessed(
            2,
            "answers",
            input_size=1,
            metrics=("accuracy",),
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length - 1,
            answers=("same", "other"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw the first period, how far the second is from it, phases and the coin, uniform."""
        first = torch.randint(0, PERIODS, (batch_size,), generator=rng)
        apart = torch.randint(1, PERIODS, (batch_size,), generator=rng)
        label = torch.randint(0, 2, (batch_size,), generator=rng)
        phase = 2 * math.pi * torch.rand(2, batch_size, generator=rng)
        which = torch.stack([first, (first + label * apart) % PERIODS])
        period = 4 * 1.25**which
        half = (torch.arange(self.length) >= self.length // 2).long()
        t = torch.arange(self.length)[:, None]
        x = torch.sin(2 * math.pi * t / period[half] + phase[half])
        return Batch(x[..., None], *at_last_step(label, self.length))
