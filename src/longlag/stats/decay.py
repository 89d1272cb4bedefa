"""How fast a gradient fades on its way back: nats per step, fitted to the log of its norm.

    log ||dL/ds_(T-k)||  ~  a - rate * k        rate > 0: it vanishes, rate < 0: it explodes

**The window.**  The first tenth of the lags is left out: there the gradient still turns from the
direction the loss gives it into the slowest direction of the recurrence.  So are zeros at the very
start: an answer read from h_T alone has no gradient with respect to c_T.  From there the window
ends before the first lag at which a norm is NaN (no sequence is that long) or below `floor` (by
default the smallest normal double): past it a number is rounding, not gradient.  Exact zeros end it
too, so a gradient that is cut off is fitted on what came before the cut.

**The slope** is Theil's: the median over all pairs of lags, which a kink in less than 29 % of the
window cannot move.  One slope is a summary; where the profile is not a straight line (a trained
gate that holds, then lets go) read the figure and `left`, which assumes no shape.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num

from longlag.stats.interval import mean_interval

SKIPPED = 0.1  # the share of lags before the window
AT_MOST = 200  # lags that enter the median of pairs; more are thinned evenly


class Decay(NamedTuple):
    """A decay rate over seeds; NaN where no seed has three lags to fit."""

    rate: float  # nats per step, mean over seeds
    low: float
    high: float
    half_life: float  # steps until half is left: ln 2 / rate; infinite if it does not fade
    slopes: tuple[float, ...]  # the rate of each seed


def window(norms: Float[np.ndarray, "K"], floor: float) -> slice:
    """Find the lags that are fitted, see the module's text."""
    with np.errstate(invalid="ignore"):
        lost = ~(norms >= floor) | ~np.isfinite(norms)
    if lost.all():
        return slice(0, 0)
    first = int(np.argmin(lost))
    after = lost[first:]
    end = first + int(np.argmax(after)) if after.any() else len(norms)
    return slice(max(min(int(np.ceil(SKIPPED * len(norms))), end - 3), first), end)


def slope(
    lag: Num[np.ndarray, "K"],
    norms: Float[np.ndarray, "K"],
    floor: float = float(np.finfo(np.float64).tiny),
) -> float:
    """Fit the decay rate of one profile, in nats per step; NaN with fewer than three lags."""
    inside = window(norms, floor)
    k, y = lag[inside].astype(float), np.log(norms[inside])
    if len(k) < 3:
        return float("nan")
    thin = np.unique(np.linspace(0, len(k) - 1, min(len(k), AT_MOST)).round().astype(int))
    k, y = k[thin], y[thin]
    i, j = np.triu_indices(len(k), 1)
    return float(-np.median((y[j] - y[i]) / (k[j] - k[i])))


def left(norms: Float[np.ndarray, "S K"], lag: int) -> Float[np.ndarray, "S"]:
    """Return ln(||g at `lag`|| / ||g at the first lag where it is not 0||) of each seed; no fit."""
    start = np.argmax(norms > 0, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(norms[:, lag]) - np.log(norms[np.arange(len(norms)), start])


def fit(
    lag: Num[np.ndarray, "K"],
    norms: Float[np.ndarray, "S K"],
    floor: float = float(np.finfo(np.float64).tiny),
) -> Decay:
    """Fit the decay rate over seeds, with a 95 % t-interval of the mean slope.

    Args:
        lag: k, steps back from the loss, rising.
        norms: ||dL/ds_(T-k)|| of each of S seeds.
        floor: norms below it are not fitted.

    Source: Theil 1950; Sen 1968. Bengio, Simard & Frasconi 1994 for why the decay is exponential.
    """
    slopes = np.array([slope(lag, row, floor) for row in norms])
    rate, low, high = mean_interval(slopes)
    half_life = float(np.log(2) / rate) if rate > 0 else float("nan" if np.isnan(rate) else "inf")
    return Decay(rate, low, high, half_life, tuple(slopes.tolist()))
