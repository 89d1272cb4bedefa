"""Forecasts of one step ahead, and the linear answers that a recurrence must beat."""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Spec, Task, require

ORDER = 8  # p of the autoregressive model that gives the floor
WARM_UP = ORDER  # steps that nothing is asked at: there is too little past


@dataclass(frozen=True, kw_only=True)
class Forecast(Task):
    """What all forecasts share: a number asked at every step, and floors that are fitted."""

    length: int = 100

    ladder = LADDER
    order: ClassVar[int] = ORDER  # inputs that the linear floor sees; nothing is asked before
    size: ClassVar[int] = 1  # I = D, numbers of the series at a step
    repeats: ClassVar[bool] = True  # whether the last input is an answer

    def define(self) -> Spec:
        """The series in, its next value out."""
        persistence, affine, linear = simple_answers(self)
        floors = [Floor("nrmse", affine, "the best affine function of the last input, fitted")]
        if self.repeats:
            floors += [Floor("nrmse", persistence, "repeat the last value, measured")]
        why = f"the best linear model of the last {self.order} inputs, fitted"
        return Spec(
            kind="regression",
            input_size=self.size,
            output_size=self.size,
            metrics=("nrmse", "mse"),
            floors=tuple(floors),
            baselines=(Floor("nrmse", linear, why),),
        )


@dataclass(frozen=True, kw_only=True)
class Sine(Forecast):
    """Forecast the next value of a noisy sine whose frequency and phase differ every time.

        x_t = sin(2 pi t / P + phi) + noise,   P in [10, 25] steps   ->   x_(t+1)

    The floor is the best linear model of the last 8 values, fitted and measured on sequences
    drawn for that alone; persistence stands beside it.

    Args:
        length: T, steps.
        noise: standard deviation of the noise, which is part of what is to be forecast.

    Source: the tutorial's forecast of a simple series; no published criterion.
    """

    noise: float = 0.1

    name = "sine"
    source = "a tutorial's first forecast; no published criterion"

    def __post_init__(self) -> None:
        require(
            "sine",
            length=(self.length, self.length > 2 * WARM_UP, f"at least {2 * WARM_UP + 1}"),
            noise=(self.noise, 0 <= self.noise < math.inf, "at least 0 and finite"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Periods, phases and noise independent."""
        T = self.length
        period = 10 + 15 * torch.rand(batch_size, generator=rng)
        phase = 2 * math.pi * torch.rand(batch_size, generator=rng)
        t = torch.arange(T + 1)[:, None]
        series = torch.sin(2 * math.pi * t / period + phase)
        series = series + self.noise * torch.randn(T + 1, batch_size, generator=rng)
        weight = torch.ones(T, batch_size)
        weight[:WARM_UP] = 0
        return Batch(series[:-1, :, None], series[1:, :, None], weight)


@functools.cache
def simple_answers(task: Forecast) -> tuple[float, float, float]:
    """(persistence, affine, linear): their normalised RMSE on sequences drawn for this alone.

    The linear model y_t = a + sum_i A_i x_(t-i), i < p, and the affine one, which is that of p = 1,
    are fitted by least squares on training sequences and measured on validation sequences of seed
    -1, that no run has: 500 of each, or as many as have 100 000 steps.
    """
    count = min(500, max(20, 100_000 // task.length))
    past, wanted = windows(task.batch("train", -1, 0, count), task.order)
    now = slice(-1 - task.size, None)  # x_t and 1
    affine, linear = (np.linalg.lstsq(x, wanted)[0] for x in (past[:, now], past))
    past, wanted = windows(task.batch("validation", -1, 0, count), task.order)
    answers = (past[:, now][:, :-1], past[:, now] @ affine, past @ linear)
    return nrmse(answers[0], wanted), nrmse(answers[1], wanted), nrmse(answers[2], wanted)


def windows(batch: Batch, order: int) -> tuple[np.ndarray, np.ndarray]:
    """The last p inputs before each asked step and 1, and the values wanted: (N,p I + 1), (N,D)."""
    x, target = batch.x.numpy().astype(np.float64), batch.target.numpy().astype(np.float64)
    T, B, size = x.shape
    past = [x[order - k : T - k] for k in reversed(range(order))]  # the newest last
    one = np.ones((T - order, B, 1))
    table = np.concatenate([*past, one], axis=2)
    return table.reshape(-1, order * size + 1), target[order:].reshape(-1, target.shape[2])


def nrmse(answer: np.ndarray, wanted: np.ndarray) -> float:
    """Root mean squared error over the standard deviation of what was wanted."""
    return float(np.sqrt(np.mean((answer - wanted) ** 2)) / wanted.std())
