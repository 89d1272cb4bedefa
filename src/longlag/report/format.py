"""Numbers as people read them."""

from collections.abc import Sequence

import numpy as np

from longlag.stats import Interval

METRICS = {"mse": "MSE", "nrmse": "NRMSE", "nll": "NLL"}
NONE, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def named(metric: str) -> str:
    """A metric for people."""
    return METRICS.get(metric, metric.replace("_", " "))


def sig(x: float, digits: int = 3) -> str:
    """`digits` significant digits; a power of ten where zeros would run on; a dash for NaN."""
    if np.isnan(x):
        return NONE
    if np.isinf(x):
        return "∞" if x > 0 else "-∞"
    if x == 0:
        return "0"
    if not 1e-3 <= abs(x) < 1e6:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        return f"{mantissa}{TIMES}10{str(int(exponent)).translate(SUPERSCRIPT)}"
    if abs(x) >= 10 ** (digits - 1):
        return f"{x:,.0f}"
    places = digits - 1 - int(np.floor(np.log10(abs(x))))
    return f"{x:.{places}f}"


def power(log: float) -> str:
    """e^log as a power of ten: 10⁻²⁴."""
    if not np.isfinite(log):
        return NONE if np.isnan(log) else "0"
    exponent = log / np.log(10)
    if exponent > -2:
        return sig(float(np.exp(log)), 2)
    return f"10{str(round(exponent)).translate(SUPERSCRIPT)}"


def decades(log: float) -> str:
    """e^log as its common logarithm, one decimal: -22.1; for a column of shares, in one form."""
    if np.isnan(log):
        return NONE
    if np.isinf(log):
        return "∞" if log > 0 else "-∞"
    return f"{round(log / np.log(10), 1) + 0.0:.1f}"


def bracket(interval: Interval | Sequence[float], digits: int = 2) -> str:
    """[low, high], with as many digits as tell them apart; nothing where there is no interval."""
    low, high = interval[1], interval[2]
    if np.isnan(low) or low == high:
        return ""
    ends = ((sig(low, n), sig(high, n)) for n in range(digits, 17))
    return f"[{', '.join(next((pair for pair in ends if pair[0] != pair[1]), ('', '')))}]"


def around(interval: Interval | Sequence[float], n: int, digits: int = 2) -> str:
    """The interval for a table: `all n alike` where the values of several seeds are the same."""
    if np.isnan(interval[0]) or n < 2:
        return NONE
    return bracket(interval, digits) or f"all {n} alike"


def ranged(interval: Interval | Sequence[float], digits: int = 3) -> str:
    """Value [low, high]."""
    return f"{sig(interval[0], digits)} {bracket(interval, digits)}".strip()


def percent(x: float) -> str:
    """A share, whole percent."""
    return NONE if np.isnan(x) else f"{100 * x:.0f} %"


def listed(parts: Sequence[str]) -> str:
    """One, two and three."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def seconds(x: float) -> str:
    """A duration."""
    if np.isnan(x):
        return NONE
    if x < 100:
        return f"{x:.1f} s" if x < 10 else f"{x:.0f} s"
    return f"{x / 60:.0f} min" if x < 6000 else f"{x / 3600:.1f} h"
