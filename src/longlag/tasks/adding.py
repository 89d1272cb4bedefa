"""The adding problem: two marked numbers of a long list, and their sum or product at the end."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_last_step, require


@dataclass(frozen=True, kw_only=True)
class Adding(Task):
    """Add the two marked numbers of a list; one mark lies in each half.

    x_t = (number, mark):  (.3, 0) (.8, 1) (.1, 0) ... (.4, 1) (.9, 0)  ->  1.2

    Args:
        length: T, steps.

    Source: Arjovsky, Shah & Bengio 2016, section 4.2 (from Hochreiter & Schmidhuber 1997, exp. 4).
    """

    length: int = 100

    name = "adding"
    source = "Arjovsky et al. 2016, section 4.2"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("adding", length=(self.length, self.length >= 2, "at least 2"))

    def define(self) -> Spec:
        """Two inputs, one number at the end."""
        return Spec(
            kind="regression",
            input_size=2,
            output_size=1,
            metrics=("mse", "within"),
            floors=(Floor("mse", 1 / 6, "always answer 1: the variance of a sum of two U[0,1]"),),
            solved=Solved("mse", 0.01, "longlag's own"),
            lag=self.length - 1,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Numbers uniform in [0,1], one mark uniform in each half."""
        T, half, column = self.length, self.length // 2, torch.arange(batch_size)
        number = torch.rand(T, batch_size, generator=rng)
        first = torch.randint(0, half, (batch_size,), generator=rng)
        second = torch.randint(half, T, (batch_size,), generator=rng)
        mark = torch.zeros(T, batch_size)
        mark[first, column] = mark[second, column] = 1
        total = number[first, column] + number[second, column]
        target, weight = at_last_step(total[:, None], T)
        return Batch(torch.stack([number, mark], dim=-1), target, weight)


@dataclass(frozen=True, kw_only=True)
class Marked1997(Task):
    """What adding and multiplication of 1997 share: two marks early in a list of varying length.

    The first mark, 1, lies on one of the first 10 steps, the second on another one of the first
    T/2 - 1; the first and the last step are marked -1, whatever else they are.  A marked number
    that falls on the first step is replaced by one that does not count (0 or 1).

    Args:
        length: T, of the shortest list; the longest has 1.1 T steps.
    """

    length: int = 100

    ladder = LADDER
    low: ClassVar[float]  # of the numbers, which go up to 1

    def __post_init__(self) -> None:
        require(self.name, length=(self.length, self.length >= 22, "at least 22"))

    @property
    def at_start(self) -> float:
        """Probability that one of the two marks falls on the first step."""
        return 0.1 + 0.9 / (self.length // 2 - 2)

    @abstractmethod
    def answer(self, numbers: Tensor, counts: Tensor) -> Tensor:
        """The target (B,) of two numbers (2,B), of which only those that count (2,B) matter."""

    def described(self, floor: Floor, solved: Solved) -> Spec:
        """Two inputs, one number at the end."""
        return Spec(
            kind="regression",
            input_size=2,
            output_size=1,
            metrics=("mse", "within"),
            floors=(floor,),
            solved=solved,
            lag=self.length + self.length // 10 - 2,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Numbers, places and lengths uniform and independent."""

        def draw(low: int, high: int) -> Tensor:
            return torch.randint(low, high + 1, (batch_size,), generator=rng)

        lengths = draw(self.length, self.length + self.length // 10)
        first, second = draw(0, 9), draw(0, self.length // 2 - 3)
        second = second + (second >= first)  # another one
        places, column = torch.stack([first, second]), torch.arange(batch_size)
        T = int(lengths.max())
        number = self.low + (1 - self.low) * torch.rand(T, batch_size, generator=rng)
        mark = torch.zeros(T, batch_size)
        mark[places, column] = 1
        mark[0] = mark[lengths - 1, column] = -1
        target = self.answer(number[places, column], places > 0)
        inside = torch.arange(T)[:, None] < lengths
        weight = torch.zeros(T, batch_size)
        weight[lengths - 1, column] = 1
        x = torch.stack([number * inside, mark], dim=-1)
        return Batch(x, target[:, None].expand(T, -1, -1), weight, lengths)


@dataclass(frozen=True, kw_only=True)
class Adding1997(Marked1997):
    """Add two marked numbers of a list, as in the experiment that named the problem.

        (.3, -1) (-.8, 0) (.5, 1) (.1, 0) ... (-.1, 1) ... (.9, -1)  ->  0.5 + (.5 - .1) / 4

    Numbers uniform in [-1,1].  Always answering 0.5 has the variance of the target: 1/24, less
    the share of lists where the first step is marked and counts 0.  Solved, as published, when
    all the last answers are less than 0.04 wrong.

    Source: Hochreiter & Schmidhuber 1997, experiment 4.
    """

    name = "adding_1997"
    source = "Hochreiter & Schmidhuber 1997, experiment 4"
    low = -1.0

    def define(self) -> Spec:
        """The variance of the target is the floor."""
        floor = Floor("mse", (2 - self.at_start) / 48, "always answer 0.5: the target's variance")
        return self.described(floor, Solved("within", 1.0, self.source, published=True))

    def answer(self, numbers: Tensor, counts: Tensor) -> Tensor:
        """0.5 + (X1 + X2) / 4."""
        return 0.5 + (numbers * counts).sum(0) / 4


@dataclass(frozen=True, kw_only=True)
class Multiplication(Marked1997):
    """Multiply two marked numbers of a list.

        (.3, -1) (.8, 0) (.5, 1) (.1, 0) ... (.4, 1) ... (.9, -1)  ->  .5 * .4

    Numbers uniform in [0,1].  Always answering the mean (1/4) has the variance of the target:
    7/144, a little more for the lists where the first step is marked and counts 1.  Solved, as
    published, when fewer than 13 of 2000 answers are off by more than 0.04.

    Source: Hochreiter & Schmidhuber 1997, experiment 5.
    """

    name = "multiplication"
    source = "Hochreiter & Schmidhuber 1997, experiment 5"
    low = 0.0

    def define(self) -> Spec:
        """The variance of the target is the floor: E[y^2] - E[y]^2."""
        p = self.at_start
        variance = p / 3 + (1 - p) / 9 - (p / 2 + (1 - p) / 4) ** 2
        floor = Floor("mse", variance, "always answer the mean: the target's variance")
        return self.described(floor, Solved("within", 1 - 12 / 2000, self.source, published=True))

    def answer(self, numbers: Tensor, counts: Tensor) -> Tensor:
        """X1 X2."""
        return numbers.where(counts, 1).prod(0)
