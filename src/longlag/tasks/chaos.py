"""Nonlinear series to forecast: windows of long trajectories, others for each split."""

import functools
import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import SPLITS, Batch, Split, Windows, at_least, require
from longlag.tasks.forecast import Forecast

LANES, SPARE = 128, 256  # trajectories of a split, and how many windows start on each


@dataclass(frozen=True, kw_only=True)
class Trajectory(Windows, Forecast):
    """What all of them share: 128 trajectories a split, and batches of windows cut from them.

    The trajectories do not depend on a run's seed; which windows are seen, and when, does.
    """

    length: int = 200

    minimum = at_least(length=17)

    @abstractmethod
    def run(self, lanes: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Compute inputs (steps,lanes,I) and what is wanted then (steps,lanes,D)."""

    def draw(self, split: Split, batch_size: int, rng: Generator) -> Batch:
        """Draw windows of a split's trajectories."""
        inputs, wanted = trajectories(self)
        lane = torch.randint(0, LANES, (batch_size,), generator=rng) + LANES * SPLITS.index(split)
        start = torch.randint(0, SPARE, (batch_size,), generator=rng)
        weight = torch.ones(self.length, batch_size)
        weight[: self.order] = 0
        return Batch(window(inputs, lane, start), window(wanted, lane, start), weight)


def window(windows: Tensor, lane: Tensor, start: Tensor) -> Tensor:
    """Pick some of the windows (lanes,starts,D,T), as (T,B,D)."""
    return windows[lane, start].permute(2, 0, 1).contiguous()


@functools.cache
def trajectories(task: Trajectory) -> tuple[Tensor, Tensor]:
    """Compute all windows of inputs and of what is wanted then, (lanes,starts,D,T); once a process.

    The lanes of train, validation and test lie side by side.  All are standardised by the mean
    and the deviation of the training trajectories.
    """
    rng = np.random.default_rng(task.generator("trajectories").initial_seed())
    inputs, wanted = task.run(LANES * len(SPLITS), task.length + SPARE, rng)
    of_inputs = moments(inputs)
    of_wanted = of_inputs if task.repeats else moments(wanted)
    inputs, wanted = (inputs - of_inputs[0]) / of_inputs[1], (wanted - of_wanted[0]) / of_wanted[1]
    both = (torch.from_numpy(series).float().transpose(0, 1) for series in (inputs, wanted))
    first, second = (lanes.contiguous().unfold(1, task.length, 1) for lanes in both)  # views
    return first, second


def moments(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and deviation (D,) of the training trajectories."""
    train = series[:, :LANES]
    return train.mean((0, 1)), train.std((0, 1))


@dataclass(frozen=True, kw_only=True)
class MackeyGlass(Trajectory):
    """Forecast a delay equation that is mildly chaotic, 84 steps ahead.

        dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t),   seen once a time unit
        ... .93 .85 .78 .72  ->  1.1 (84 steps later)

    The input is x, standardised.  With tau = 17 the series is mildly chaotic, with 30 more so.
    Steps of 0.1, the decay exact and the delayed term by the trapezoid rule.  The score 84 steps
    ahead is the NRMSE_84 of Jaeger & Haas, whose network runs freely for those steps; here the
    value is asked for at once.  One step ahead (ahead=1) the series is smooth and nearly linear.

    Args:
        length: T, steps.
        tau: the delay; 17 and 30 are usual.
        ahead: steps from the last input to the answer.
    """

    tau: int = 17
    ahead: int = 84

    name = "mackey_glass"
    version = 2
    source = "Mackey & Glass 1977; Jaeger & Haas 2004 (NRMSE_84)"
    minimum = at_least(length=17, ahead=1)

    def check(self) -> None:
        """Refuse what is out of range."""
        require("mackey_glass", tau=(self.tau, 1 <= self.tau <= 100, "1 to 100"))

    def run(self, lanes: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Start from random constant pasts; the first 300 time units are left out."""
        h, n = 0.1, 10 * self.tau  # n: steps of a delay; one block is computed at once
        decay = math.exp(-0.1 * h)
        powers = decay ** np.arange(1, n + 1)[:, None]
        gain = (1 - decay) / 0.1
        past = np.repeat(rng.uniform(0.4, 1.4, (1, lanes)), n + 1, axis=0)
        blocks, total = [], 10 * (300 + steps + self.ahead)
        for _ in range(-(-total // n)):
            pull = 0.2 * past / (1 + past**10)
            force = gain * (pull[:-1] + pull[1:]) / 2
            block = powers * (past[-1] + np.cumsum(force / powers, axis=0))
            past = np.concatenate([past[-1:], block])
            blocks.append(block)
        series = np.concatenate(blocks)[3000:total:10, :, None]
        return series[: -self.ahead], series[self.ahead :]


@dataclass(frozen=True, kw_only=True)
class Narma(Trajectory):
    """Follow a nonlinear moving average of order 10 of a random input.

        y_(t+1) = 0.3 y_t + 0.05 y_t (y_t + ... + y_(t-9)) + 1.5 u_(t-9) u_t + 0.1

    u uniform in [0, 0.5]; the input is u_t, the target y_(t+1), both standardised.

    Args:
        length: T, steps.
    """

    name = "narma"
    version = 2
    source = "Atiya & Parlos 2000; Jaeger 2002"
    order, repeats = 12, False
    minimum = at_least(length=25)

    def run(self, lanes: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Leave out the first 100 steps, and the rare trajectory that diverges."""
        spare = lanes + lanes // 2
        u = rng.uniform(0, 0.5, (110 + steps, spare))
        y = np.zeros((111 + steps, spare))
        for t in range(9, 110 + steps):
            total = y[t - 9 : t + 1].sum(0)
            following = 0.3 * y[t] + 0.05 * y[t] * total + 1.5 * u[t - 9] * u[t] + 0.1
            y[t + 1] = np.minimum(following, 10)
        bounded = np.flatnonzero(y.max(0) < 2)[:lanes]
        return u[110:, bounded, None], y[111:, bounded, None]


@dataclass(frozen=True, kw_only=True)
class Lorenz(Trajectory):
    """Forecast the three coordinates of the Lorenz attractor, seen every 0.05 time units.

        dx/dt = 10 (y - x),  dy/dt = x (28 - z) - y,  dz/dt = x y - 8/3 z

    Runge-Kutta of order 4, steps of 0.01, each coordinate standardised.  The three coordinates
    determine all that follows, so that this asks for a nonlinear function of the last input and for
    no memory; the floor, affine in it, is not the best answer that forgets.

    Args:
        length: T, steps.
    """

    name = "lorenz"
    version = 2
    source = "Lorenz 1963; Pathak et al. 2017 for the task"
    degree = 1
    size = 3

    def run(self, lanes: int, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Start at random; the first 10 time units are left out."""
        state, h = np.array([[0.0], [0.0], [25.0]]) + rng.normal(size=(3, lanes)), 0.01
        series = np.empty((200 + steps + 1, lanes, 3))
        for t in range(len(series)):
            for _ in range(5):
                a = flow(state)
                b = flow(state + h / 2 * a)
                c = flow(state + h / 2 * b)
                state = state + h / 6 * (a + 2 * b + 2 * c + flow(state + h * c))
            series[t] = state.T
        return series[200:-1], series[201:]


def flow(state: np.ndarray) -> np.ndarray:
    """Compute the time derivative of Lorenz states (3,lanes)."""
    x, y, z = state
    return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])
