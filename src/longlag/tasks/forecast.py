"""Forecasts, and the simple answers that a recurrence must beat."""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Spec, Task, at_least

ORDER = 8  # p of the autoregressive model that stands beside the scores
WARM_UP = ORDER  # steps that nothing is asked at: there is too little past


@dataclass(frozen=True, kw_only=True)
class Forecast(Task):
    """What all forecasts share: a number asked at every step, and simple answers that are fitted.

    The floor is a function of the last input alone; the linear model of the last p inputs, which
    remembers, is a baseline.
    """

    length: int = 100

    ladder = LADDER
    order: ClassVar[int] = ORDER  # p; nothing is asked before as many inputs
    degree: ClassVar[int] = 7  # of the floor's polynomial
    size: ClassVar[int] = 1  # I = D, numbers of the series at a step
    repeats: ClassVar[bool] = True  # whether inputs and answers are of one series

    def define(self) -> Spec:
        """Ask for a later value of the series."""
        simple = simple_answers(self)
        named = "affine function" if self.degree == 1 else f"polynomial of degree {self.degree}"
        floors = [Floor("nrmse", simple.alone, f"the best {named} of the last input, fitted")]
        if self.repeats:
            floors += [Floor("nrmse", simple.persistence, "repeat the last value, measured")]
        why = f"the best linear model of the last {self.order} inputs, fitted"
        return Spec(
            kind="regression",
            input_size=self.size,
            output_size=self.size,
            metrics=("nrmse", "mse"),
            floors=tuple(floors),
            baselines=(Floor("nrmse", simple.remembering, why),),
        )

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer with the function of the last input that the floor is of."""
        simple, x = simple_answers(self), batch.x.double()
        table = powers(x.flatten(0, 1).numpy() / simple.scale, self.degree)
        return torch.from_numpy(table @ simple.weights).float().unflatten(0, x.shape[:2])

    def known(self) -> tuple[Batch, Batch]:
        """Return what simple answers are fitted to, and what they are measured on.

        Training and validation sequences of seed -1, which no run has: 500 of each, or as many as
        have 100 000 steps.
        """
        count = min(500, max(20, 100_000 // self.length))
        return self.batch("train", -1, 0, count), self.batch("validation", -1, 0, count)


@dataclass(frozen=True, kw_only=True)
class Sine(Forecast):
    """Forecast the next value of a noisy sine whose frequency and phase differ every time.

        x_t = sin(2 pi t / P + phi) + noise,   P in [10, 25] steps   ->   x_(t+1)

    Args:
        length: T, steps.
        noise: standard deviation of the noise, which is part of what is to be forecast.
    """

    noise: float = 0.1

    name = "sine"
    version = 2
    source = "longlag's own, a tutorial's first forecast"
    minimum = at_least(length=2 * WARM_UP + 1, noise=0)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw periods, phases and noise, independent."""
        T = self.length
        period = 10 + 15 * torch.rand(batch_size, generator=rng)
        phase = 2 * math.pi * torch.rand(batch_size, generator=rng)
        t = torch.arange(T + 1)[:, None]
        series = torch.sin(2 * math.pi * t / period + phase)
        series = series + self.noise * torch.randn(T + 1, batch_size, generator=rng)
        weight = torch.ones(T, batch_size)
        weight[:WARM_UP] = 0
        return Batch(series[:-1, :, None], series[1:, :, None], weight)


class Simple(NamedTuple):
    """What simple answers score, and the function of x_t alone."""

    persistence: float  # normalised RMSE, as the next two
    alone: float
    remembering: float
    weights: np.ndarray  # of the function
    scale: float


@functools.cache
def simple_answers(task: Forecast) -> Simple:
    """Fit a function of x_t and a linear model of the past by least squares, and score them.

    The linear model is y_t = a + sum_i A_i x_(t-i), i < p; the function is a sum of polynomials,
    one of each number of x_t.
    """
    (past, wanted), (seen, asked) = (windows(batch, task.order) for batch in task.known())
    scale = float(np.abs(past).max())
    now, last = (powers(t[:, -1 - task.size : -1] / scale, task.degree) for t in (past, seen))
    function, linear = (np.linalg.lstsq(x, wanted)[0] for x in (now, past))
    answers = (seen[:, -1 - task.size : -1], last @ function, seen @ linear)
    persistence, alone, remembering = (nrmse(answer, asked) for answer in answers)
    return Simple(persistence, alone, remembering, function, scale)


def powers(now: np.ndarray, degree: int) -> np.ndarray:
    """Compute all powers of numbers (N,D) up to `degree`, 0 once: (N,degree D + 1)."""
    return np.concatenate([*(now**d for d in range(1, degree + 1)), np.ones((len(now), 1))], axis=1)


def windows(batch: Batch, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Collect the last p inputs before each asked step, and 1; and what is wanted: (N,D)."""
    x, target = batch.x.numpy().astype(np.float64), batch.target.numpy().astype(np.float64)
    T, B, size = x.shape
    past = [x[order - k : T - k] for k in reversed(range(order))]  # the newest last
    one = np.ones((T - order, B, 1))
    table = np.concatenate([*past, one], axis=2)
    return table.reshape(-1, order * size + 1), target[order:].reshape(-1, target.shape[2])


def nrmse(answer: np.ndarray, wanted: np.ndarray) -> float:
    """Divide the root mean squared error by the standard deviation of what was wanted."""
    return float(np.sqrt(np.mean((answer - wanted) ** 2)) / wanted.std())
