"""A chart of the gradient's way back through time for a terminal, and what is left in words."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from rich.console import Console
from rich.text import Text

from longlag.stats.decay import left

COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
MARKS = "ox+*#@"  # of the lines, where there are no colours
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille letter, by row
EMPTY = " "


def colorless(console: Console) -> bool:
    """Tell whether `console` shows no colours: a pipe, a file, a plain terminal or NO_COLOR."""
    return console.no_color or console.color_system is None


def chart(
    lines: Mapping[str, np.ndarray], width: int = 64, height: int = 12, color: bool = True
) -> Text:
    """Draw positive numbers over the lag on a logarithmic axis.

    Args:
        lines: name -> values (K,); zeros and NaN are not drawn.
        width: letters of the area that is drawn on.
        height: rows of it.
        color: draw fine dots that colours tell apart; else each line has a letter of its own.
    """
    known = [v for v in lines.values() if np.isfinite(v).any() and (v > 0).any()]
    if not known:
        return Text("no gradient to draw: every norm is zero or not a number\n")
    longest = max(len(v) for v in known)
    logs = [log10(v) for v in lines.values()]
    low = math.floor(min(np.nanmin(log10(v)) for v in known))
    high = max(math.ceil(max(np.nanmax(log10(v)) for v in known)), low + 1)
    draw = dots if color else letters
    field, owner = draw(logs, (height, width), (low, high), longest)
    text = Text()
    for row in range(height):
        value = {0: high, height - 1: low}.get(row)
        text.append("".rjust(7) if value is None else f"1e{value:+d}".rjust(7), "dim")
        text.append(" │", "dim")
        for letter, line in zip(field[row], owner[row], strict=True):
            text.append(letter, COLORS[line % len(COLORS)] if color else "")
        text.append("\n")
    text.append(f"{'':8}└{'─' * width}\n", "dim")
    text.append(f"{'':9}0{'lag: steps back from the loss'.center(width - 6)}{longest - 1:>5}\n")
    for number, name in enumerate(lines):
        mark = "●" if color else MARKS[number % len(MARKS)]
        text.append("   " if number else f"{'':9}")
        text.append(f"{mark} ", COLORS[number % len(COLORS)]).append(name)
    return text.append("\n")


Field = tuple[np.ndarray, np.ndarray]  # letters (height, width), and the line that each is of


def dots(
    logs: list[np.ndarray], size: tuple[int, int], limits: tuple[int, int], longest: int
) -> Field:
    """Draw with braille: two dots across and four down in every letter."""
    height, width = size
    bits, owner = np.zeros(size, int), np.zeros(size, int)
    for number, values in enumerate(logs):
        for x, y in places(values, (4 * height, 2 * width), limits, longest):
            bits[y // 4, x // 2] |= DOTS[y % 4][x % 2]
            owner[y // 4, x // 2] = number
    return np.vectorize(lambda bit: chr(0x2800 + bit) if bit else EMPTY)(bits), owner


def letters(
    logs: list[np.ndarray], size: tuple[int, int], limits: tuple[int, int], longest: int
) -> Field:
    """Draw each line with its own mark; where two lines meet, their marks take turns."""
    field, owner = np.full(size, EMPTY), np.zeros(size, int)
    for number, values in enumerate(logs):
        for x, y in places(values, size, limits, longest):
            if field[y, x] == EMPTY or x % 2 == number % 2:
                field[y, x], owner[y, x] = MARKS[number % len(MARKS)], number
    return field, owner


def places(
    values: np.ndarray, size: tuple[int, int], limits: tuple[int, int], longest: int
) -> Iterator[tuple[int, int]]:
    """Yield the column and the row of every point of a line, from the left."""
    (height, width), (low, high) = size, limits
    for x in range(width):
        k = round(x * (longest - 1) / max(1, width - 1))
        if k < len(values) and not np.isnan(values[k]):
            yield x, round((high - values[k]) / (high - low) * (height - 1))


def log10(values: np.ndarray) -> np.ndarray:
    """Take the logarithm to the base 10; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log10(values)
    return np.where(np.isfinite(found), found, np.nan)


def share_left(norms: np.ndarray) -> float:
    """Divide the norm at the longest lag by the first one that is not zero.

    Args:
        norms: (K,) of one profile, or (S,K) of several, whose median share is given.
    """
    rows = np.atleast_2d(norms)
    return float(np.exp(np.median(left(rows, rows.shape[1] - 1))))


def of_it(share: float, what: str = "it") -> str:
    """Say a share of the gradient in words: `2e-7 of it`, `83 % of it`, `1.4 times as much`."""
    if math.isnan(share):
        return "an unknown part"
    if share < 0.01:
        mantissa, exponent = f"{share:.0e}".split("e")
        return f"{mantissa}e{int(exponent)} of {what}" if share else f"none of {what}"
    if share < 0.995:
        return f"{share:.0%}".replace("%", " %") + f" of {what}"
    return f"all of {what}" if share < 1.05 else f"{share:.2g} times as much"
