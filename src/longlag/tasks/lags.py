"""One thing at the start decides, then nothing for a long time: the plainest long lags."""

import math
from dataclasses import dataclass
from typing import ClassVar

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
    at_least,
    encode,
    guessed,
    require,
)

ROUND = 98  # distractors a1 .. a98 of long_lag, which come round; a99 ends them
LASTS = math.log(0.9)  # of the probability that a random lag goes on


@dataclass(frozen=True, kw_only=True)
class LongLag(Task):
    """Predict the last symbol of one of two sequences that differ in the first alone.

        x a1 a2 a3 ... a98 a99  ->  x          y a1 a2 a3 ... a98 a99  ->  y

    Each step asks for the next symbol; the last alone is scored: who forgets guesses, 1/2.  At
    length 100 these are the paper's sequences.  Every other length keeps their 101 symbols, for
    with more of them a budget of parameters would buy a smaller network, and lag could not be told
    from capacity: a1 to a98 come round again and again, and a99 stands right before the end alone.
    There are two sequences, so that train, validation and test hold the same ones.

    Args:
        length: p, steps from the first symbol to the last.
    """

    length: int = 100

    name = "long_lag"
    version = 2
    source = "Hochreiter & Schmidhuber 1997, section 5.2 (experiment 2a)"
    ladder = LADDER
    few = "there are two"
    minimum = at_least(length=2)

    def define(self) -> Spec:
        """Ask for the next of the paper's 101 symbols."""
        symbols = (*(f"a{i}" for i in range(1, ROUND + 2)), "x", "y")
        rule = (
            "Hochreiter & Schmidhuber 1997, section 5.2: every output within 0.25 on 10000 "
            "sequences in a row (here: at the last symbol, on all of validation)"
        )
        return Spec(
            kind="classification",
            input_size=len(symbols),
            output_size=len(symbols),
            metrics=("accuracy", "within"),
            floors=(
                Floor("accuracy", 1 / 2, "guess x or y"),
                Floor("loss", self.surprise() / self.length, "guess x or y, and when a99 comes"),
            ),
            constant=ROUND + 1,
            solved=Solved("within", 1.0, rule, published=True),
            tolerance=0.25,
            lag=self.length - 1,
            symbols=symbols,
            answers=symbols,
        )

    def surprise(self) -> float:
        """Count nats of a sequence, x_t alone known: x or y, and when of n rounds a99 follows."""
        n = -(-(self.length - 2) // ROUND)
        return math.log(2) + (n * math.log(n) - (n - 1) * math.log(n - 1) if n > 1 else 0)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw both sequences, equally likely."""
        p = self.length
        which = ROUND + 1 + torch.randint(0, 2, (batch_size,), generator=rng)
        sequence = torch.arange(-1, p)[:, None].repeat(1, batch_size) % ROUND  # a_i is i - 1
        sequence[p - 1] = ROUND
        sequence[0] = sequence[p] = which
        scored = torch.zeros(p, batch_size, dtype=torch.bool)
        scored[-1] = True
        x = encode(sequence[:-1], ROUND + 3)
        return Batch(x, sequence[1:], torch.ones(p, batch_size), scored=scored)


@dataclass(frozen=True, kw_only=True)
class RandomLag(Task):
    """Predict the last symbol, which repeats the second, after noise of unknown length.

        b x a17 a3 a3 a41 ... a8 e  ->  x          b y a5 a22 ... a5 e  ->  y

    At least q random ones of p distractors stand between the two; after each further one the
    sequence ends with probability 1/10, at the trigger e.  No sequence is short.  Only the last
    symbol is asked: chance is 1/2, ln 2 nats.

    Args:
        length: q, the least number of distractors in a sequence.
        symbols: p, different distractors.
    """

    length: int = 100
    symbols: int = 50

    name = "long_lag_random"
    source = "Hochreiter & Schmidhuber 1997, section 5.2 (experiment 2c)"
    minimum = at_least(length=1, symbols=1)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for x or y, of p distractors, e, b, x and y."""
        rule = (
            "Hochreiter & Schmidhuber 1997, section 5.2: error below 0.2 on 10000 sequences in a "
            "row (here: on all of validation)"
        )
        names = (*(f"a{i + 1}" for i in range(self.symbols)), "e", "b", "x", "y")
        return guessed(
            2,
            "classes",
            input_size=len(names),
            metrics=("accuracy", "within"),
            solved=Solved("within", 1.0, rule, published=True),
            tolerance=0.2,
            lag=self.length + 1,
            symbols=names,
            answers=("x", "y"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw distractors uniform, their number above q geometric with mean 9."""
        p, column = self.symbols, torch.arange(batch_size)
        more = torch.rand(batch_size, generator=rng, dtype=torch.float64).neg().log1p() / LASTS
        lengths = 3 + self.length + more.long()
        which = torch.randint(0, 2, (batch_size,), generator=rng)
        T = int(lengths.max())
        seen = torch.randint(0, p, (T, batch_size), generator=rng)
        seen[0], seen[1] = p + 1, p + 2 + which
        seen[lengths - 1, column] = p
        inside = torch.arange(T)[:, None] < lengths
        x = encode(seen.where(inside, p + 4), p + 4)
        return Batch(x, *at_last_step(which, lengths), lengths)


@dataclass(frozen=True, kw_only=True)
class FirstElements(Task):
    """What both two-sequence experiments share: all but whether the telling elements are noisy.

    Args:
        length: T, of the shortest sequence.
        informative: N, elements that tell.
        noise: standard deviation (the paper: variance 0.2).
    """

    length: int = 100
    informative: int = 3
    noise: float = 0.447

    ladder = LADDER
    minimum = at_least(length=2, noise=0)
    exact: ClassVar[bool]  # whether the telling elements are 1 or -1
    allowed: ClassVar[str]  # of 256 test sequences, to be wrong
    share: ClassVar[float]  # of them that is right

    def check(self) -> None:
        """Refuse what is out of range."""
        few = 1 <= self.informative < self.length
        require(self.name, informative=(self.informative, few, f"1 to {self.length - 1}"))

    def define(self) -> Spec:
        """Ask for one of two classes at the end, of one number a step."""
        rule = (
            f"Hochreiter & Schmidhuber 1997, section 5.3: {self.allowed} of 256 test sequences "
            "misclassified, by an error of 0.2 or more (here: the same share of validation)"
        )
        return guessed(
            2,
            "classes",
            input_size=1,
            metrics=("accuracy", "within"),
            solved=Solved("within", self.share, rule, published=True),
            tolerance=0.2,
            lag=self.length + self.length // 10 - 1,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw classes and lengths uniform, noise normal."""
        longest = self.length + self.length // 10
        lengths = torch.randint(self.length, longest + 1, (batch_size,), generator=rng)
        label = torch.randint(0, 2, (batch_size,), generator=rng)
        T = int(lengths.max())
        series = self.noise * torch.randn(T, batch_size, generator=rng)
        if self.exact:
            series[: self.informative] = 0
        series[: self.informative] += 2 * label - 1
        series *= torch.arange(T)[:, None] < lengths
        return Batch(series[..., None], *at_last_step(label, lengths), lengths)


@dataclass(frozen=True, kw_only=True)
class TwoSequence(FirstElements):
    """Tell two classes apart by their first noisy elements; all that follows is noise.

        1.1 .8 .9 | -.3 .6 .1 ... -.2  ->  class 1        -.9 -1.2 -.7 | .2 ...  ->  class 0

    The paper calls it easy: random guessing of weights solves it faster than training.  The first
    N elements are 1 or -1 with noise, the rest is noise alone, to a length uniform in
    [T, 1.1 T].  Chance is 1/2, ln 2 nats.

    Args:
        length: T, of the shortest sequence.
        informative: N, elements that tell.
        noise: standard deviation (the paper: variance 0.2).
    """

    name = "two_sequence"
    source = "Hochreiter & Schmidhuber 1997, section 5.3 (experiment 3b), after Bengio et al. 1994"
    exact, allowed, share = False, "fewer than 6", 1 - 5 / 256


@dataclass(frozen=True, kw_only=True)
class TwoSequenceExact(FirstElements):
    """Tell two classes apart by their first elements, 1 or -1; all that follows is noise.

        1 1 1 | -.3 .6 .1 ... -.2  ->  class 1            -1 -1 -1 | .2 ...  ->  class 0

    As `TwoSequence`, without noise on the elements that tell.  Chance is 1/2, ln 2 nats.

    Args:
        length: T, of the shortest sequence.
        informative: N, elements that tell.
        noise: standard deviation (the paper: variance 0.2).
    """

    name = "two_sequence_exact"
    source = "Hochreiter & Schmidhuber 1997, section 5.3 (experiment 3a), after Bengio et al. 1994"
    exact, allowed, share = True, "none", 1.0


@dataclass(frozen=True, kw_only=True)
class Latch(Task):
    """Keep one bit against noise and give it back when asked.

        (1, 0) (.1, 0) (-.2, 0) ... (.3, 1)  ->  1         (the second channel asks)

    The bit is 1 or -1 at the first step.  Chance is 1/2, ln 2 nats.

    Args:
        length: T; the bit is asked for T - 1 steps after it was shown.
        noise: standard deviation of what follows the bit.
    """

    length: int = 100
    noise: float = 0.2

    name = "latch"
    source = "longlag, after Bengio et al. 1994, section 2 (latching)"
    minimum = at_least(length=2, noise=0)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for the bit, of a number and the question."""
        solved = Solved("accuracy", 0.99, "longlag's own")
        asked = {"input_size": 2, "metrics": ("accuracy",), "lag": self.length - 1}
        return guessed(2, "classes", solved=solved, **asked)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw bits uniform, noise normal."""
        bit = torch.randint(0, 2, (batch_size,), generator=rng)
        x = torch.zeros(self.length, batch_size, 2)
        x[..., 0] = self.noise * torch.randn(self.length, batch_size, generator=rng)
        x[0, :, 0], x[-1, :, 1] = 2.0 * bit - 1, 1
        return Batch(x, *at_last_step(bit, self.length))
