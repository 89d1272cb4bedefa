"""The adding problem: two marked numbers of a long list, and their sum at the end."""

from dataclasses import dataclass

import torch
from torch import Generator

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
            solved=Solved("mse", 0.01, "Hochreiter & Schmidhuber 1997, exp. 4"),
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
