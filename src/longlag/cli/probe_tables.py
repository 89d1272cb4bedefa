"""The numbers of an examined run, in tables and sentences for a terminal."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from longlag.cli.gradient_chart import of_it, share_left
from longlag.probes.profile import Arrays
from longlag.stats import Decay, fit

NONE = "-"
LEVELS = (0.05, 0.5, 0.95)
WORDS = ("path", "model", "gate", "perturbed")  # columns of words; all others hold numbers
WHEN = {"init": "at initialisation", "trained": "after training"}
Examined = Mapping[str, Arrays]  # "init" and "trained" -> what was measured
Columns = Callable[[str], tuple[str, ...]]  # layer -> the cells that name it


def plain_table(title: str = "", caption: str = "") -> Table:
    """Make a table without lines."""
    return Table(
        title=title or None,
        caption=caption or None,
        title_justify="left",
        caption_justify="left",
        box=None,
        pad_edge=bool(title),
    )


def by_layer(title: str, caption: str, when: Examined, *columns: str) -> tuple[Table, Columns]:
    """Make a table whose first column is the layer, counted from 1, where there are several."""
    table, several = plain_table(title, caption), len(layers(when)) > 1
    for column in (*(["layer"] if several else []), *columns):
        table.add_column(column, justify="left" if column in (*WORDS, "layer") else "right")
    return table, lambda layer: (str(int(layer) + 1),) if several else ()


def sentence(when: Examined) -> str:
    """Say how much of the gradient is left at the longest lag, on the path that keeps most of it.

    The path is a part of the last layer's state, from which the answer is read.
    """
    layer = layers(when)[-1]
    last = list(when.values())[-1]
    shares = {
        path: share_left(full_length(last[f"sequence/{path}"]))
        for path in names(when, "sequence")
        if path.startswith(f"{layer}/")
    }
    path = max(shares, key=lambda path: np.nan_to_num(shares[path]))
    lag = last[f"profile/{path}"].shape[-1] - 1
    (first, *others) = when.items()
    share = of_it(share_left(full_length(first[1][f"sequence/{path}"])), "the gradient")
    said = f"{WHEN[first[0]]} {share} is left over {lag} steps along {path.rpartition('/')[2]}"
    for name, arrays in others:
        said += f", {WHEN[name]} {of_it(share_left(full_length(arrays[f'sequence/{path}'])))}"
    return said[0].upper() + said[1:] + "."


def full_length(norms: np.ndarray) -> np.ndarray:
    """Keep the sequences (B,K) that reach back to the longest lag, or the only one there is."""
    return norms[~np.isnan(norms[:, -1])] if len(norms) > 1 else norms


def rates(when: Examined) -> Table:
    """Show decay rate, half-life and what is left, of every path before and after training."""
    table, where = by_layer(
        "decay of the gradient",
        "interval: of the mean over the sequences of the probe batch. left: at the longest lag, "
        "over the first norm. alone: at the longest lag, the part of the norm that came along this "
        "path alone.",
        when,
        *("path", "model", "nats/step", "95 % interval", "half-life", "left", "alone"),
    )
    for path in names(when, "sequence"):
        layer, leaf = path.split("/")
        for model, arrays in when.items():
            norms = full_length(arrays[f"sequence/{path}"])
            decay = fit(np.arange(norms.shape[1]), norms)
            table.add_row(
                *where(layer),
                leaf,
                model,
                number(decay.rate),
                interval(decay),
                number(decay.half_life),
                number(share_left(norms)),
                along_this_path(arrays, path),
            )
    return table


def interval(decay: Decay) -> str:
    """Write the interval with as many digits as tell its ends apart; a dash where there is none."""
    for digits in range(3, 7):
        low, high = (f"{end:#.{digits}g}" for end in (decay.low, decay.high))
        if low != high:
            return f"{low} to {high}"
    return NONE


def along_this_path(arrays: Arrays, path: str) -> str:
    """Divide, at the longest lag, the norm along this part of the state alone by the whole norm."""
    alone, whole = arrays.get(f"along/{path}"), arrays[f"profile/{path}"]
    if alone is None or whole[-1] == 0:
        return NONE
    return number(float(alone[-1] / whole[-1]))


def steps(when: Examined) -> Table:
    """Show how one step stretches the state: medians over steps of the Jacobian's measures."""
    table, where = by_layer(
        "what a step does to the state",
        "medians over steps of the Jacobian; Lyapunov: the largest exponent, nats per step. "
        "bound: no step stretches more, whatever its input; gated cells have none. time scale: "
        "steps that the units keep their own past for, median (5 % to 95 %).",
        when,
        *("model", "spectral radius", "largest stretch", "bound", "Lyapunov", "time scale"),
    )
    for layer in layers(when):
        for model, arrays in when.items():
            part = f"jacobian/{layer}/"
            if size := int(arrays.get(part + "skipped", 0)):
                table.caption = f"- : the state's {size} numbers are too many for its Jacobians."
                table.add_row(*where(layer), model, *[NONE] * 4, time_scale(arrays, layer))
                continue
            table.add_row(
                *where(layer),
                model,
                number(float(np.median(arrays[part + "radius"]))),
                number(float(np.median(arrays[part + "singular"][:, 0]))),
                number(float(arrays.get(part + "bound", math.nan))),
                number(float(arrays[part + "lyapunov"][0])),
                time_scale(arrays, layer),
            )
    return table


def gates(when: Examined) -> Table | None:
    """Show how open the gates are and how many saturate; None without gates."""
    table, where = by_layer("gates", "", when, *("gate", "model", "mean", "below 0.1", "above 0.9"))
    for path in names(when, "closed"):
        layer, letter = path.split("/")
        for model, arrays in when.items():
            mean, closed, open_ = (
                float(arrays[f"{word}/{path}"].mean()) for word in ("gate", "closed", "open")
            )
            row = (f"{mean:.2f}", f"{closed:.0%}", f"{open_:.0%}")
            table.add_row(*where(layer), letter, model, *row)
    return table if table.row_count else None


def time_scale(arrays: Arrays, layer: str) -> str:
    """Write the median time scale of a layer's units, and between which nine of ten lie."""
    parts = [tau for name, tau in arrays.items() if name.startswith(f"timescale/{layer}/")]
    if not parts:
        return NONE
    tau = np.concatenate(parts)
    low, middle, high = (number(float(q)) for q in np.quantile(tau, LEVELS, method="lower"))
    return f"{middle} ({low}-{high})"


def memory(when: Examined) -> Table:
    """Show what is left of a perturbation, of a swapped input, and for a linear probe."""
    table, where = by_layer(
        "what is left in the end",
        "the share of a change that remains at the last step; linear probe: R2 of a linear map "
        "from the last state to that input, in sequences it was not fitted on.",
        when,
        *("perturbed", "model", "of a perturbation", "of an input swap", "linear probe"),
    )
    for path in names(when, "retention/kick"):
        layer, leaf = path.split("/")
        for model, arrays in when.items():
            swap = arrays[f"retention/swap/{layer}"]
            probe = arrays.get(f"retention/readable/{layer}")
            table.add_row(
                *where(layer), leaf, model,
                number(last_number(arrays[f"retention/kick/{path}"])),
                number(last_number(swap)),
                NONE if probe is None else f"{probe[-1]:.2f}",
            )  # fmt: skip
    return table


def training(arrays: Arrays) -> Text | None:
    """Say what the gradients of the parameters did while training, from probe.npz."""
    if "window/end" not in arrays:
        return None
    seen = arrays["window/seen"]
    clipped = float((arrays["window/clipped"] * seen).sum() / seen.sum())
    return Text(
        f"of {seen.sum()} training steps looked at: {clipped:.0%} clipped, "
        f"{int(arrays['window/exploded'].sum())} exploded, "
        f"largest gradient norm {number(float(arrays['window/largest'].max()))}"
    )


def layers(when: Examined) -> Sequence[str]:
    """List the layers' numbers in the arrays, which count from 0."""
    return list(dict.fromkeys(path.split("/")[0] for path in names(when, "profile")))


def last_number(values: np.ndarray) -> float:
    """Find the last value that is not NaN."""
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else math.nan


def names(when: Examined, group: str) -> Sequence[str]:
    """List the names below `group/` of the first examination, layers from the input up."""
    first = next(iter(when.values()))
    found = (name[len(group) + 1 :] for name in first if name.startswith(f"{group}/"))
    return sorted(found, key=lambda name: (int(name.split("/")[0]), name))


def number(value: float) -> str:
    """Write three digits; a dash for NaN."""
    return NONE if math.isnan(value) else f"{value:.3g}"
