"""Forecasts of one step ahead, and the linear answers that a recurrence must beat."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Spec, Task, require

ORDER = 8  # p of the autoregressive model that gives the floor
WARM_UP = ORDER  # steps that nothing is asked at: there is too little past


@dataclass(frozen=True, kw_only=True)
class Sine(Task):
    """Forecast the next value of a noisy sine whose frequency and phase differ every time.

        x_t = sin(2 pi t / P + phi) + noise,   P in [10, 25] steps   ->   x_(t+1)

    Args:
        length: T, steps.
        noise: standard deviation of the noise, which is part of what is to be forecast.

    Source: the tutorial's forecast of a simple series; no published criterion.
    """

    length: int = 100
    noise: float = 0.1

    name = "sine"
    source = "a tutorial's first forecast; no published criterion"
    ladder = LADDER

    def __post_init__(self) -> None:
        require(
            "sine",
            length=(self.length, self.length > 2 * WARM_UP, f"at least {2 * WARM_UP + 1}"),
            noise=(self.noise, 0 <= self.noise < math.inf, "at least 0 and finite"),
        )

    def define(self) -> Spec:
        """One number in, the next one out."""
        persistence, linear = floors(self)
        return Spec(
            kind="regression",
            input_size=1,
            output_size=1,
            metrics=("nrmse", "mse"),
            floors=(
                Floor("nrmse", linear, f"the best linear model of the last {ORDER} values, fitted"),
                Floor("nrmse", persistence, "repeat the last value, measured"),
            ),
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
def floors(task: Sine) -> tuple[float, float]:
    """(persistence, linear): the normalised RMSE of both on sequences drawn for this alone.

    The linear model x_(t+1) = sum_i a_i x_(t-i), i < p, is fitted by least squares on 500
    sequences and measured on 500 others.
    """
    fitted, measured = (task.sample(500, task.generator("floor", part)) for part in (0, 1))
    past, wanted = windows(fitted)
    weights = np.linalg.lstsq(past, wanted, rcond=None)[0]
    past, wanted = windows(measured)
    return nrmse(past[:, -1], wanted), nrmse(past @ weights, wanted)


def windows(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """The last p values before each asked step, and the value wanted there: (N,p), (N,)."""
    x, target = batch.x[..., 0].numpy().T, batch.target[..., 0].numpy().T
    past = np.lib.stride_tricks.sliding_window_view(x, ORDER, axis=1)[:, 1:]
    return past.reshape(-1, ORDER), target[:, WARM_UP:].reshape(-1)


def nrmse(answer: np.ndarray, wanted: np.ndarray) -> float:
    """Root mean squared error over the standard deviation of what was wanted."""
    return float(np.sqrt(np.mean((answer - wanted) ** 2)) / wanted.std())
