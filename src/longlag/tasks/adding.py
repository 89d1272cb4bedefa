"""The adding problem: two marked numbers of a long list, and their sum or product at the end."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

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
)


@dataclass(frozen=True, kw_only=True)
class Adding(Task):
    """Add the two marked numbers of a list; one mark lies in each half.

    x_t = (number, mark):  (.3, 0) (.8, 1) (.1, 0) ... (.4, 1) (.9, 0)  ->  1.2

    The variant of Arjovsky et al.; in that of Bai et al. 2018 both marks lie anywhere.

    Args:
        length: T, steps.
    """

    length: int = 100

    name = "adding"
    source = "Arjovsky, Shah & Bengio 2016; from Hochreiter & Schmidhuber 1997, section 5.4"
    minimum = at_least(length=2)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for one number at the end, of two inputs."""
        return Spec(
            kind="regression",
            input_size=2,
            output_size=1,
            metrics=("mse", "within"),
            floors=(Floor("mse", 1 / 6, "always answer 1: the variance of a sum of two U[0,1]"),),
            constant=1.0,
            solved=Solved("mse", 0.01, "longlag's own, as Rusch et al. 2022 (LEM) log it"),
            lag=self.length - 1,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw numbers uniform in [0,1], and one mark uniform in each half."""
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
    T/2 - 1; the first and the last step are marked -1, whatever else they are.  Where the first
    mark falls on the first step, X1 does not count: it is 0 in a sum and 1 in a product.  The
    second mark never falls there (the paper leaves open what would count then; about 2 in T).

    Args:
        length: T, of the shortest list; the longest has 1.1 T steps.
    """

    length: int = 100

    version = 2
    ladder = LADDER
    minimum = at_least(length=22)
    low: ClassVar[float]  # of the numbers, which go up to 1
    first: ClassVar[float]  # X1 where the first step is marked

    @abstractmethod
    def answer(self, one: Tensor, two: Tensor) -> Tensor:
        """Compute the target (B,) of the marked numbers X1 and X2 (B,)."""

    def described(self, mean: float, floor: Floor, solved: Solved) -> Spec:
        """Ask for one number at the end, of two inputs."""
        return Spec(
            kind="regression",
            input_size=2,
            output_size=1,
            metrics=("mse", "within"),
            floors=(floor,),
            constant=mean,
            solved=solved,
            lag=self.length + self.length // 10 - 2,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw numbers, places and lengths, uniform and independent."""

        def draw(low: int, high: int) -> Tensor:
            return torch.randint(low, high + 1, (batch_size,), generator=rng)

        lengths = draw(self.length, self.length + self.length // 10)
        first, most = draw(0, 9), self.length // 2 - 2
        free = torch.where(first == 0, most, most - 1)  # of the steps 1 .. most
        second = 1 + (free * torch.rand(batch_size, generator=rng)).long()
        second = second + ((first > 0) & (second >= first))  # another one
        T, column = int(lengths.max()), torch.arange(batch_size)
        number = self.low + (1 - self.low) * torch.rand(T, batch_size, generator=rng)
        mark = torch.zeros(T, batch_size)
        mark[first, column] = mark[second, column] = 1
        mark[0] = mark[lengths - 1, column] = -1
        one = number[first, column].where(first > 0, self.first)
        target = self.answer(one, number[second, column])
        inside = torch.arange(T)[:, None] < lengths
        x = torch.stack([number * inside, mark], dim=-1)
        return Batch(x, *at_last_step(target[:, None], lengths), lengths)


@dataclass(frozen=True, kw_only=True)
class Adding1997(Marked1997):
    """Add two marked numbers of a list, as in the experiment that named the problem.

        (.3, -1) (-.8, 0) (.5, 1) (.1, 0) ... (-.1, 1) ... (.9, -1)  ->  0.5 + (.5 - .1) / 4

    Numbers uniform in [-1,1].  Always answering 0.5 has the variance of the target,
    (0.9/3 + 1/3) / 16.

    Args:
        length: T, of the shortest list; the longest has 1.1 T steps.
    """

    name = "adding_1997"
    source = "Hochreiter & Schmidhuber 1997, section 5.4 (experiment 4)"
    low, first = -1.0, 0.0

    def define(self) -> Spec:
        """Take the variance of the target as the floor."""
        floor = Floor("mse", (0.9 / 3 + 1 / 3) / 16, "always answer 0.5: the target's variance")
        rule = (
            "Hochreiter & Schmidhuber 1997, section 5.4: error below 0.04 on 2000 training "
            "sequences in a row (here: on all of validation), besides an average training error "
            "below 0.01"
        )
        return self.described(0.5, floor, Solved("within", 1.0, rule, published=True))

    def answer(self, one: Tensor, two: Tensor) -> Tensor:
        """Compute 0.5 + (X1 + X2) / 4."""
        return 0.5 + (one + two) / 4


@dataclass(frozen=True, kw_only=True)
class Multiplication(Marked1997):
    """Multiply two marked numbers of a list.

        (.3, -1) (.8, 0) (.5, 1) (.1, 0) ... (.4, 1) ... (.9, -1)  ->  .5 * .4

    Numbers uniform in [0,1].  Always answering the mean, 0.275, has the variance of the target,
    0.4/3 - 0.275^2.

    Args:
        length: T, of the shortest list; the longest has 1.1 T steps.
    """

    name = "multiplication"
    source = "Hochreiter & Schmidhuber 1997, section 5.5 (experiment 5)"
    low, first = 0.0, 1.0

    def define(self) -> Spec:
        """Take the variance of the target as the floor: E[y^2] - E[y]^2."""
        floor = Floor("mse", 0.4 / 3 - 0.275**2, "always answer 0.275: the target's variance")
        rule = (
            "Hochreiter & Schmidhuber 1997, section 5.5: fewer than 13 errors above 0.04 in 2000 "
            "training sequences in a row (here: the same share of validation)"
        )
        return self.described(0.275, floor, Solved("within", 1 - 12 / 2000, rule, published=True))

    def answer(self, one: Tensor, two: Tensor) -> Tensor:
        """Compute X1 X2."""
        return one * two
