"""A chart of the gradient's way back, and the numbers under it, for a terminal."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from longlag.probes.profile import Arrays
from longlag.stats import fit
from longlag.stats.decay import left

COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille letter, by row
NONE = "-"
LEVELS = (0.05, 0.5, 0.95)


def chart(lines: Mapping[str, np.ndarray], width: int = 64, height: int = 12) -> Text:
    """Positive numbers over the lag, log scale, as dots; a line of text for each row.

    Args:
        lines: name -> values (K,); zeros and NaN are not drawn.
        width: letters, of the area that is drawn on.
        height: likewise.
    """
    known = [v for v in lines.values() if np.isfinite(v).any() and (v > 0).any()]
    if not known:
        return Text("no gradient to draw: every norm is zero or not a number\n")
    longest = max(len(v) for v in known)
    logs = {name: log10(v) for name, v in lines.items()}
    low = math.floor(min(np.nanmin(log10(v)) for v in known))
    high = max(math.ceil(max(np.nanmax(log10(v)) for v in known)), low + 1)
    dots = np.zeros((height, width), int)
    owner = np.zeros((height, width), int)
    for number, values in enumerate(logs.values()):
        for x in range(2 * width):
            k = round(x * (longest - 1) / max(1, 2 * width - 1))
            if k < len(values) and not np.isnan(values[k]):
                y = round((high - values[k]) / (high - low) * (4 * height - 1))
                dots[y // 4, x // 2] |= DOTS[y % 4][x % 2]
                owner[y // 4, x // 2] = number
    text = Text()
    for row in range(height):
        value = {0: high, height - 1: low}.get(row)
        text.append("".rjust(7) if value is None else f"1e{value:+d}".rjust(7), "dim")
        text.append(" │", "dim")
        for dot, line in zip(dots[row], owner[row], strict=True):
            text.append(chr(0x2800 + dot) if dot else " ", COLORS[line % len(COLORS)])
        text.append("\n")
    text.append(f"{'':8}└{'─' * width}\n", "dim")
    text.append(f"{'':9}0{'lag: steps back from the loss'.center(width - 6)}{longest - 1:>5}\n")
    for number, name in enumerate(lines):
        text.append(f"{'':9}● " if number == 0 else "   ● ", COLORS[number % len(COLORS)])
        text.append(name)
    return text.append("\n")


def log10(values: np.ndarray) -> np.ndarray:
    """Log to the base 10; NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log10(values)
    return np.where(np.isfinite(found), found, np.nan)


def new(title: str, caption: str) -> Table:
    """A plain table."""
    return Table(
        title=title, caption=caption, title_justify="left", caption_justify="left", box=None
    )


def rates(when: Mapping[str, Arrays]) -> Table:
    """Decay rate, half-life and what is left, of every path before and after training."""
    table = new(
        "how fast the gradient fades",
        "left: at the longest lag, over the first norm. straight: at the longest lag, the part of "
        "the norm that came along this path alone.",
    )
    where = by_layer(table, when)
    for column in ("path", "model", "nats/step", "95 % interval", "half-life", "left", "straight"):
        table.add_column(column, justify="left" if column in ("path", "model") else "right")
    for path in names(when, "sequence"):
        layer, leaf = path.split("/")
        for model, arrays in when.items():
            norms = arrays[f"sequence/{path}"]
            norms = norms[~np.isnan(norms[:, -1])] if len(norms) > 1 else norms
            decay = fit(np.arange(norms.shape[1]), norms, np.random.default_rng(0))
            share = np.exp(np.median(left(norms, norms.shape[1] - 1)))
            table.add_row(
                *where(layer),
                leaf,
                model,
                number(decay.rate),
                f"{number(decay.low)} to {number(decay.high)}",
                number(decay.half_life),
                number(float(share)),
                straight(arrays, path),
            )
    return table


def straight(arrays: Arrays, path: str) -> str:
    """At the longest lag, the norm along this part of the state alone over the whole norm."""
    alone, whole = arrays.get(f"along/{path}"), arrays[f"profile/{path}"]
    if alone is None or whole[-1] == 0:
        return NONE
    return number(float(alone[-1] / whole[-1]))


def steps(when: Mapping[str, Arrays]) -> Table:
    """How one step stretches the state: medians over steps of the Jacobian's measures."""
    table = new(
        "what a step does to the state",
        "medians over steps of the Jacobian; Lyapunov: the largest exponent, nats per step. "
        "bound: no step stretches more, whatever its input; gated cells have none.",
    )
    where = by_layer(table, when)
    for column in ("model", "spectral radius", "largest stretch", "bound", "Lyapunov"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for layer in layers(when):
        for model, arrays in when.items():
            part = f"jacobian/{layer}/"
            table.add_row(
                *where(layer),
                model,
                number(float(np.median(arrays[part + "radius"]))),
                number(float(np.median(arrays[part + "singular"][:, 0]))),
                number(float(arrays.get(part + "bound", math.nan))),
                number(float(arrays[part + "lyapunov"][0])),
            )
    return table


def gates(when: Mapping[str, Arrays]) -> Table | None:
    """Means, saturation, and the time scales of the gate that keeps; None without gates."""
    table = new("gates", "time scale of the units' own past: median (5 % to 95 %).")
    where = by_layer(table, when)
    for column in ("gate", "model", "mean", "< 0.1", "> 0.9", "time scale, steps"):
        table.add_column(column, justify="left" if column in ("gate", "model") else "right")
    for path in names(when, "closed"):
        layer, letter = path.split("/")
        for model, arrays in when.items():
            mean, closed, open_ = (
                float(arrays[f"{word}/{path}"].mean()) for word in ("gate", "closed", "open")
            )
            tau = arrays.get(f"timescale/{layer}") if letter in "fz" else None
            row = (f"{mean:.2f}", f"{closed:.0%}", f"{open_:.0%}", scale(tau))
            table.add_row(*where(layer), letter, model, *row)
    return table if table.row_count else None


def scale(tau: np.ndarray | None) -> str:
    """Median time scale of the units, and where nine of ten lie."""
    if tau is None:
        return NONE
    low, middle, high = (number(float(q)) for q in np.quantile(tau, LEVELS, method="lower"))
    return f"{middle} ({low}-{high})"


def memory(when: Mapping[str, Arrays]) -> Table:
    """What is left at the end of a kick, of a swapped input, and for a linear map."""
    table = new(
        "what is left in the end",
        "the share of a change that remains at the last step; R2: what a linear map of the last "
        "state tells of that input in sequences it was not fitted on.",
    )
    where = by_layer(table, when)
    for column in ("model", "kicked", "of a kick", "of a swapped input", "told linearly"):
        table.add_column(column, justify="left" if column in ("model", "kicked") else "right")
    for path in names(when, "retention/kick"):
        layer, leaf = path.split("/")
        for model, arrays in when.items():
            swap = arrays[f"retention/swap/{layer}"]
            told = arrays.get(f"retention/readable/{layer}")
            table.add_row(
                *where(layer), model, leaf,
                number(final(arrays[f"retention/kick/{path}"])),
                number(final(swap)),
                NONE if told is None else f"R2 {told[-1]:.2f}",
            )  # fmt: skip
    return table


def training(arrays: Arrays) -> Text | None:
    """What the gradients of the parameters did while training, from probe.npz."""
    if "window/end" not in arrays:
        return None
    seen = arrays["window/seen"]
    clipped = float((arrays["window/clipped"] * seen).sum() / seen.sum())
    return Text(
        f"of {seen.sum()} training steps looked at: {clipped:.0%} clipped, "
        f"{int(arrays['window/exploded'].sum())} exploded, "
        f"largest gradient norm {number(float(arrays['window/largest'].max()))}"
    )


def layers(when: Mapping[str, Arrays]) -> Sequence[str]:
    """The layers' numbers in the arrays, which count from 0."""
    return list(dict.fromkeys(path.split("/")[0] for path in names(when, "profile")))


def by_layer(table: Table, when: Mapping[str, Arrays]) -> Callable[[str], tuple[str, ...]]:
    """A column for the layer, counted from 1, and what stands in it; none if there is but one."""
    if len(layers(when)) == 1:
        return lambda layer: ()
    table.add_column("layer")
    return lambda layer: (str(int(layer) + 1),)


def final(values: np.ndarray) -> float:
    """The last number that is one."""
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else math.nan


def names(when: Mapping[str, Arrays], group: str) -> Sequence[str]:
    """The names below `group/` in the first of some examinations, layers from the input up."""
    first = next(iter(when.values()))
    found = (name[len(group) + 1 :] for name in first if name.startswith(f"{group}/"))
    return sorted(found, key=lambda name: (int(name.split("/")[0]), name))


def number(value: float) -> str:
    """Three digits."""
    return NONE if math.isnan(value) else f"{value:.3g}"
