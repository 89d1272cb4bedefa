"""Numbers as people read them."""

from collections.abc import Sequence

import numpy as np

from longlag.stats import Interval

METRICS = {"mse": "MSE", "nrmse": "NRMSE", "nll": "NLL"}
NONE, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def named(metric: str) -> str:
    """Name a metric for people."""
    return METRICS.get(metric, metric.replace("_", " "))


def sig(x: float, digits: int = 3) -> str:
    """Write significant digits; a power of ten where zeros would run on; a dash for NaN."""
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


def fixed(x: float) -> str:
    """Write two decimals, for numbers about 1 whose zeros mean something."""
    return NONE if np.isnan(x) else f"{round(x, 2) + 0.0:.2f}"


def whole(x: float) -> str:
    """Write a count."""
    return NONE if np.isnan(x) else f"{x:,.0f}"


def power(log: float) -> str:
    """Write e^log as a power of ten: 10⁻²⁴."""
    if not np.isfinite(log):
        return NONE if np.isnan(log) else "0"
    exponent = log / np.log(10)
    if exponent > -2:
        return sig(float(np.exp(log)), 2)
    return f"10{str(round(exponent)).translate(SUPERSCRIPT)}"


def decades(log: float) -> str:
    """Write e^log as its common logarithm, one decimal, -22.1: a column of shares in one form."""
    if np.isnan(log):
        return NONE
    if np.isinf(log):
        return "∞" if log > 0 else "-∞"
    return f"{round(log / np.log(10), 1) + 0.0:.1f}"


def bracket(interval: Interval | Sequence[float], digits: int = 2) -> str:
    """Write [low, high] with as many digits as tell them apart; nothing without an interval."""
    low, high = interval[1], interval[2]
    if np.isnan(low) or low == high:
        return ""
    ends = ((sig(low, n), sig(high, n)) for n in range(digits, 17))
    return f"[{', '.join(next((pair for pair in ends if pair[0] != pair[1]), ('', '')))}]"


def around(interval: Interval | Sequence[float], n: int, digits: int = 2) -> str:
    """Write an interval for a table: `all n alike` where the values of seeds are the same."""
    if np.isnan(interval[0]) or n < 2:
        return NONE
    return bracket(interval, digits) or f"all {n} alike"


def share(interval: Interval, n: int) -> str:
    """Write the interval of a share, in percent, cut to what a share can be."""
    if np.isnan(interval.low):
        return around(interval, n)
    return f"{percent(max(0, interval.low))} to {percent(min(1, interval.high))}"


def percent(x: float) -> str:
    """Write a share in whole percent."""
    return NONE if np.isnan(x) else f"{100 * x:.0f} %"


def tiny(x: float) -> str:
    """Write a share: in percent, or as a power of ten where that would be 0 %."""
    if np.isnan(x) or x >= 0.01:
        return percent(x)
    with np.errstate(divide="ignore"):
        return power(float(np.log(x)))


def listed(parts: Sequence[str]) -> str:
    """Write one, two and three; nothing of none."""
    parts = [part for part in parts if part]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def plural(count: int, word: str) -> str:
    """Write 1 seed, 2 seeds."""
    return f"{count:,} {word}{'s' * (count != 1)}"


def spanned(values: Sequence[float]) -> str:
    """Write one number, or the least and the greatest of several."""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def seconds(x: float) -> str:
    """Write a duration."""
    if np.isnan(x):
        return NONE
    if x < 100:
        return f"{x:.1f} s" if x < 10 else f"{x:.0f} s"
    return f"{x / 60:.0f} min" if x < 6000 else f"{x / 3600:.1f} h"
