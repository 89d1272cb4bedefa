"""The numbers of an examined run, in tables and sentences for a terminal."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from longlag.cli.gradient_chart import of_it, share_left
from longlag.records.examination import View
from longlag.records.side_files import Arrays, parts
from longlag.stats import Decay, fit

NONE = "-"
LEVELS = (0.05, 0.5, 0.95)
WORDS = ("layer", "path", "model", "gate", "perturbed")  # columns of words; the others of numbers
WHEN = {"init": "at initialisation", "trained": "after training"}
Examined = Mapping[str, Arrays]  # "init" and "trained" -> what was measured
Numbers = Callable[
    [View, str], Sequence[str]
]  # a cell at a moment, a part of it -> a row's numbers


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


def views(when: Examined) -> list[dict[str, View]]:
    """Read every layer from the input up, at each moment; they count from 0."""
    layers = dict.fromkeys(path.layer for path in parts(set(next(iter(when.values()))), "profile"))
    return [{m: View(arrays, layer, None) for m, arrays in when.items()} for layer in layers]


def table(
    title: str,
    caption: str,
    when: Examined,
    columns: Sequence[str],
    numbers: Numbers,
    kind: str = "",
) -> Table:
    """Make a table with a row for every layer, every part of its state or gates, and every moment.

    Args:
        title: above it.
        caption: below it.
        when: what was measured.
        columns: the heads of all columns but the layer's and the moment's.
        numbers: fills them, but for the first one where there are parts.
        kind: of the arrays whose parts have rows of their own; none: a layer is one row.
    """
    made, layers = plain_table(title, caption), views(when)
    parted = columns[:1] if kind else ()
    several = ["layer"] if len(layers) > 1 else []
    for head in (*several, *parted, "model", *columns[len(parted) :]):
        made.add_column(head, justify="left" if head in WORDS else "right")
    for moments in layers:
        for part in next(iter(moments.values())).parts(kind) if kind else [""]:
            for model, view in moments.items():
                layer = [str(view.layer + 1)] if several else []
                made.add_row(*layer, *([part] if part else []), model, *numbers(view, part))
    return made


def sentence(when: Examined) -> str:
    """Say how much of the gradient is left at the longest lag, on the path that keeps most of it.

    The path is a part of the last layer's state, from which the answer is read.
    """
    moments = views(when)[-1]
    shares = {
        model: {
            leaf: share_left(full_length(norms)) for leaf, norms in view.parts("sequence").items()
        }
        for model, view in moments.items()
    }
    last = list(shares.values())[-1]
    leaf = max(last, key=lambda leaf: np.nan_to_num(last[leaf]))
    (first, *others) = shares
    lag = len(moments[first].array("profile", leaf)) - 1
    share = of_it(shares[first][leaf], "the gradient")
    said = f"{WHEN[first]} {share} is left over {lag} steps along {leaf}"
    for model in others:
        said += f", {WHEN[model]} {of_it(shares[model][leaf])}"
    return said[0].upper() + said[1:] + "."


def full_length(norms: np.ndarray) -> np.ndarray:
    """Keep the sequences (B,K) that reach back to the longest lag, or the only one there is."""
    return norms[~np.isnan(norms[:, -1])] if len(norms) > 1 else norms


def rates(when: Examined) -> Table:
    """Show decay rate, half-life and what is left, of every path before and after training."""

    def numbers(view: View, leaf: str) -> Sequence[str]:
        norms = full_length(view.array("sequence", leaf))
        decay = fit(np.arange(norms.shape[1]), norms)
        found = (decay.half_life, share_left(norms), view.share(leaf))
        return number(decay.rate), interval(decay), *map(number, found)

    return table(
        "decay of the gradient",
        "interval: of the mean over the sequences of the probe batch. left: at the longest lag, "
        "over the first norm. alone: at the longest lag, the part of the norm that came along this "
        "path alone.",
        when,
        ("path", "nats/step", "95 % interval", "half-life", "left", "alone"),
        numbers,
        "sequence",
    )


def interval(decay: Decay) -> str:
    """Write the interval with as many digits as tell its ends apart; a dash where there is none."""
    for digits in range(3, 7):
        low, high = (f"{end:#.{digits}g}" for end in (decay.low, decay.high))
        if low != high:
            return f"{low} to {high}"
    return NONE


def steps(when: Examined) -> Table:
    """Show how one step stretches the state: medians over steps of the Jacobian's measures."""

    def numbers(view: View, _: str) -> Sequence[str]:
        largest = float(np.median(np.atleast_2d(view.array("jacobian", "singular"))[:, 0]))
        found = (view.radius, largest, view.bound, view.exponent)
        return *map(number, found), time_scale(view)

    made = table(
        "what a step does to the state",
        "medians over steps of the Jacobian; Lyapunov: the largest exponent, nats per step. "
        "bound: no step stretches more, whatever its input; gated cells have none. time scale: "
        "steps that the units keep their own past for, median (5 % to 95 %).",
        when,
        ("spectral radius", "largest stretch", "bound", "Lyapunov", "time scale"),
        numbers,
    )
    skipped = [
        view.array("jacobian", "skipped") for layer in views(when) for view in layer.values()
    ]
    if size := np.nan_to_num(skipped).max():
        made.caption = f"- : the state's {size:.0f} numbers are too many for its Jacobians."
    return made


def gates(when: Examined) -> Table | None:
    """Show how open the gates are and how many saturate; None without gates."""

    def numbers(view: View, letter: str) -> Sequence[str]:
        mean, closed, open_ = (
            view.array(kind, letter).mean() for kind in ("gate", "closed", "open")
        )
        return f"{mean:.2f}", f"{closed:.0%}", f"{open_:.0%}"

    made = table("gates", "", when, ("gate", "mean", "below 0.1", "above 0.9"), numbers, "closed")
    return made if made.row_count else None


def time_scale(view: View) -> str:
    """Write the median time scale of a layer's units, and between which nine of ten lie."""
    tau = view.time_scales
    if not len(tau):
        return NONE
    low, middle, high = (number(float(q)) for q in np.quantile(tau, LEVELS, method="lower"))
    return f"{middle} ({low}-{high})"


def memory(when: Examined) -> Table:
    """Show what is left of a perturbation, of a swapped input, and for a linear probe."""

    def numbers(view: View, leaf: str) -> Sequence[str]:
        changes = (view.array("retention/kick", leaf), view.array("retention/swap"))
        kept = (number(float(values[view.end(values)])) for values in changes)
        return *kept, NONE if math.isnan(view.probe_r2) else f"{view.probe_r2:.2f}"

    return table(
        "what is left in the end",
        "the share of a change that remains at the last step; linear probe: R2 of a linear map "
        "from the last state to that input, in sequences it was not fitted on.",
        when,
        ("perturbed", "of a perturbation", "of an input swap", "linear probe"),
        numbers,
        "retention/kick",
    )


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


def number(value: float) -> str:
    """Write three digits; a dash for NaN."""
    return NONE if math.isnan(value) else f"{value:.3g}"
