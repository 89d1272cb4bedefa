"""What a trained model says of a series: one step ahead, and running free on its own answers."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from longlag.engine.denormals import flush_denormals
from longlag.errors import LonglagError
from longlag.nn.model import Model

BOUND = 0.4  # of the normalised error: a forecast below it is valid (Pathak et al. 2018)


class ForecastResult(NamedTuple):
    """Forecasts of B sequences, in the units of the task; T steps, of which W are given."""

    warm: int  # W
    truth: np.ndarray  # (T,B,D): the value after each step
    ahead: np.ndarray  # (T,B,D): its forecast from all true values up to the step
    free: np.ndarray | None  # (T-W+1,B,D): of the values after steps W, W+1, ..., T


def feeds_back(x: Float[Tensor, "T B I"], target: Float[Tensor, "T B D"]) -> bool:
    """Tell whether an answer can be the next input: each target is the input one step later."""
    return x.shape == target.shape and torch.equal(x[1:], target[:-1])


@flush_denormals()
@torch.no_grad()
def forecast_series(
    model: Model, x: Float[Tensor, "T B I"], target: Float[Tensor, "T B D"], warm: int
) -> ForecastResult:
    """Forecast every step of `x`, and run free after the first `warm` of them.

        one step ahead   y_t = model(x_1 ... x_t)
        free             y_t = model(x_1 ... x_W, y_W, ..., y_(t-1))   for t >= W

    The first free answer is the one step ahead.  A task whose answers are not its inputs cannot
    run free.

    Args:
        model: trained.
        x: inputs.
        target: the value after each step.
        warm: W, at least 1.

    Raises:
        LonglagError: the model reads from the end too, so it knows what it should forecast.
    """
    if not model.causal:
        raise LonglagError(
            "a bidirectional model sees the values that it should forecast; "
            "train one with model=stack"
        )
    was = model.training
    model.eval()
    try:
        ahead = model(x).prediction
        free = None
        if feeds_back(x, target):
            free = run_free(model, x[:warm], len(x) - warm + 1).double().numpy()
    finally:
        model.train(was)
    return ForecastResult(warm, target.double().numpy(), ahead.double().numpy(), free)


def run_free(model: Model, given: Float[Tensor, "W B D"], steps: int) -> Float[Tensor, "H B D"]:
    """Return the answers at the last given step and `steps` - 1 after it, each the next input."""
    run, answers, history = model(given), [], given
    for _ in range(steps):
        answers.append(run.prediction[-1:])
        if model.cells and model.front is None:
            run = model(answers[-1], carry=run.carry)
        else:  # it looks back over the inputs, which no carry holds
            history = torch.cat([history, answers[-1]])
            run = model(history)
    return torch.cat(answers)


def ahead_error(found: ForecastResult) -> float:
    """Compute the normalised RMSE one step ahead, after the warm-up."""
    part = slice(found.warm - 1, None)
    wanted = found.truth[part]
    return float(np.sqrt(np.mean((found.ahead[part] - wanted) ** 2)) / wanted.std())


def free_error(found: ForecastResult) -> np.ndarray:
    """Divide each free answer's error by the series' deviation, root mean square over D: (H,B)."""
    assert found.free is not None
    deviation = found.truth.reshape(-1, found.truth.shape[2]).std(0)
    wrong = (found.free - found.truth[found.warm - 1 :]) / deviation
    return np.sqrt((wrong**2).mean(2))


def valid_steps(error: np.ndarray) -> np.ndarray:
    """Count the free steps that each sequence stays within the bound, from the first on: (B,).

    The valid prediction time of Pathak et al. 2018: until the normalised error exceeds 0.4.
    """
    beyond = error > BOUND
    return np.where(beyond.any(0), beyond.argmax(0), len(error))
