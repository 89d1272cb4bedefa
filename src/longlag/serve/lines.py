"""Names and points of the lines that the page draws."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from longlag.records.headers import display_name
from longlag.records.seed_groups import task_label

POINTS = 400  # of one line, at most


def label(cell: str, task: str, length: Any, seed: Any) -> str:
    """Name a run for a legend."""
    part = [f"T={length}"] if length else []
    return " ".join([display_name(cell), task_label(task), *part, f"seed {seed}"])


def known(value: float) -> float | None:
    """Return a number to four digits; None for what JSON cannot hold."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def thinned(points: Iterable[tuple[float, float]]) -> list[list[float | None]]:
    """Return at most POINTS of the points, first and last among them."""
    found = list(points)
    kept = np.unique(np.linspace(0, len(found) - 1, POINTS).round().astype(int)) if found else ()
    return [[float(found[i][0]), known(found[i][1])] for i in kept]


def logs(norms: np.ndarray | None) -> list[list[float | None]]:
    """Return (lag, log10 of the norm); None where the norm is 0 or no number."""
    if norms is None:
        return []
    with np.errstate(divide="ignore"):
        return thinned(enumerate(np.log10(np.asarray(norms, float))))
