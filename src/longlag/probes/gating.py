"""What the gates do: how far open, how often saturated, and for how long they keep a unit.

A unit that a gate keeps by the factor f_t a step forgets as exp(-k / tau), with the effective time
scale tau = -1 / mean ln f_t in steps (Tallec & Ollivier 2018, section 2).
"""

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from longlag.cells.base import Cell
from longlag.cells.gru import GRU, GRUv1
from longlag.nn.model import Model
from longlag.probes.profile import activations, by_lag, last_asked
from longlag.tasks.base import Batch

CLOSED, OPEN = 0.1, 0.9


def gates(model: Model, batch: Batch, states: tuple) -> dict[str, np.ndarray]:
    """Means, saturation and time scales of every gate along a trajectory.

    Args:
        model: whose gates.
        batch: in the model's precision.
        states: of the model on that batch.

    Returns:
        gate/<layer>/<letter> (K,): mean over batch and units at each lag.
        closed/<layer>/<letter> (K,), open/<layer>/<letter> (K,): share below 0.1, above 0.9; of
            gates that lie between 0 and 1 (a letter with ~ is a candidate, not a gate).
        timescale/<layer> (H,): tau of each unit, steps; only of layers with a gate that keeps.
    """
    found, last = {}, last_asked(batch.weight)
    for name, value in activations(model, batch.x, states).items():
        found[f"gate/{name}"] = by_lag(value.mean(-1), last)
        if "~" in name:
            continue
        for word, beyond in (("closed", value < CLOSED), ("open", value > OPEN)):
            found[f"{word}/{name}"] = by_lag(beyond.to(value.dtype).mean(-1), last)
        layer, letter = name.split("/")
        if letter == keeper(model.cells[int(layer)]):
            found[f"timescale/{layer}"] = time_scales(value, last)
    return found


def keeper(cell: Cell) -> str:
    """The letter of the gate that multiplies the unit's own past."""
    return "z" if isinstance(cell, GRU | GRUv1) else "f"


def time_scales(f: Float[Tensor, "T B H"], last: Integer[Tensor, "B"]) -> np.ndarray:
    """-1 / (mean over steps and sequences of ln f) of each unit: (H,) steps; inf where f is 1."""
    inside = (torch.arange(len(f))[:, None] <= last)[..., None]
    logs = torch.where(inside, f, 1).log().sum((0, 1)) / inside.sum()
    return (-1 / logs).abs().numpy()
