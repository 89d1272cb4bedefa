"""One thing at the start decides, then nothing for a long time: the plainest long lags."""

import math
from dataclasses import dataclass

import torch
from torch import Generator

from longlag.tasks.base import (
    LADDER,
    Batch,
    Floor,
    Solved,
    Spec,
    Task,
    at_last_step,
    encode,
    require,
)


def one_of_two(input_size: int, lag: int, solved: Solved) -> Spec:
    """A question with two equally likely answers at the last step."""
    guess = "guess one of 2 classes"
    return Spec(
        kind="classification",
        input_size=input_size,
        output_size=2,
        metrics=("accuracy",),
        floors=(Floor("accuracy", 1 / 2, guess), Floor("loss", math.log(2), guess)),
        solved=solved,
        lag=lag,
    )


@dataclass(frozen=True, kw_only=True)
class LongLag(Task):
    """Predict the last symbol of one of two sequences that differ in the first alone.

        x a1 a2 a3 ... a99  ->  x          y a1 a2 a3 ... a99  ->  y

    Each step asks for the next symbol, and that is certain from the current one but at the end,
    which alone is scored: who forgets guesses, 1/2, and loses ln 2 nats there, (ln 2)/p a step.

    Args:
        length: p, steps from the first symbol to the last.

    Source: Hochreiter & Schmidhuber 1997, experiment 2a.
    """

    length: int = 100

    name = "long_lag"
    source = "Hochreiter & Schmidhuber 1997, experiment 2a"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("long_lag", length=(self.length, self.length >= 2, "at least 2"))

    def define(self) -> Spec:
        """P + 1 symbols in and out."""
        guess = "know every other symbol, guess x or y"
        symbols = (*(f"a{i}" for i in range(1, self.length)), "x", "y")
        return Spec(
            kind="classification",
            input_size=self.length + 1,
            output_size=self.length + 1,
            metrics=("accuracy",),
            floors=(
                Floor("accuracy", 1 / 2, guess),
                Floor("loss", math.log(2) / self.length, guess),
            ),
            solved=Solved("accuracy", 1.0, "longlag's own"),
            lag=self.length - 1,
            symbols=symbols,
            answers=symbols,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Both sequences equally likely."""
        p = self.length
        which = p - 1 + torch.randint(0, 2, (batch_size,), generator=rng)
        sequence = torch.arange(-1, p)[:, None].repeat(1, batch_size)  # a_i is symbol i - 1
        sequence[0] = sequence[-1] = which
        scored = torch.zeros(p, batch_size, dtype=torch.bool)
        scored[-1] = True
        x = encode(sequence[:-1], p + 1)
        return Batch(x, sequence[1:], torch.ones(p, batch_size), scored=scored)


@dataclass(frozen=True, kw_only=True)
class TwoSequence(Task):
    """Tell two classes apart by their first noisy elements; all that follows is noise.

        1.1 .8 .9 | -.3 .6 .1 ... -.2  ->  class 1        -.9 -1.2 -.7 | .2 ...  ->  class 0

    The first N elements are 1 or -1 with noise, the rest is noise alone, to a length uniform in
    [T, 1.1 T].  Chance is 1/2, ln 2 nats.

    Args:
        length: T, of the shortest sequence.
        informative: N, elements that tell.
        noise: standard deviation (the paper: variance 0.2).

    Source: Bengio et al. 1994, section 3; Hochreiter & Schmidhuber 1997, experiment 3b.
    """

    length: int = 100
    informative: int = 3
    noise: float = 0.447

    name = "two_sequence"
    source = "Bengio et al. 1994, section 3; Hochreiter & Schmidhuber 1997, experiment 3b"
    ladder = LADDER

    def __post_init__(self) -> None:
        require(
            "two_sequence",
            length=(self.length, self.length >= 2, "at least 2"),
            informative=(
                self.informative,
                1 <= self.informative < self.length,
                f"1 to {self.length - 1}",
            ),
            noise=(self.noise, 0 <= self.noise < math.inf, "at least 0 and finite"),
        )

    def define(self) -> Spec:
        """One number in, one of two classes at the end."""
        solved = Solved("accuracy", 0.99, "longlag's own")
        return one_of_two(1, self.length + self.length // 10 - 1, solved)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Classes and lengths uniform, noise normal."""
        longest = self.length + self.length // 10
        lengths = torch.randint(self.length, longest + 1, (batch_size,), generator=rng)
        label = torch.randint(0, 2, (batch_size,), generator=rng)
        T = int(lengths.max())
        series = self.noise * torch.randn(T, batch_size, generator=rng)
        series[: self.informative] += 2 * label - 1
        series *= torch.arange(T)[:, None] < lengths
        weight = torch.zeros(T, batch_size)
        weight[lengths - 1, torch.arange(batch_size)] = 1
        return Batch(series[..., None], label.expand(T, -1), weight, lengths)


@dataclass(frozen=True, kw_only=True)
class Latch(Task):
    """Keep one bit against noise and give it back when asked.

        (1, 0) (.1, 0) (-.2, 0) ... (.3, 1)  ->  1         (the second channel asks)

    The bit is 1 or -1 at the first step.  Chance is 1/2, ln 2 nats.

    Args:
        length: T; the bit is asked for T - 1 steps after it was shown.
        noise: standard deviation of what follows the bit.

    Source: Bengio et al. 1994, section 2 (latching).
    """

    length: int = 100
    noise: float = 0.2

    name = "latch"
    source = "Bengio et al. 1994, section 2"
    ladder = LADDER

    def __post_init__(self) -> None:
        require(
            "latch",
            length=(self.length, self.length >= 2, "at least 2"),
            noise=(self.noise, 0 <= self.noise < math.inf, "at least 0 and finite"),
        )

    def define(self) -> Spec:
        """A number and the question in, the bit out."""
        return one_of_two(2, self.length - 1, Solved("accuracy", 0.99, "longlag's own"))

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Bits uniform, noise normal."""
        bit = torch.randint(0, 2, (batch_size,), generator=rng)
        x = torch.zeros(self.length, batch_size, 2)
        x[..., 0] = self.noise * torch.randn(self.length, batch_size, generator=rng)
        x[0, :, 0], x[-1, :, 1] = 2.0 * bit - 1, 1
        return Batch(x, *at_last_step(bit, self.length))
