"""What the gates do: how far open, how often saturated, and for how long a unit keeps its past.

A unit whose past is multiplied by the factor k_t a step (`Cell.keep`: an LSTM's f_t, a GRU's z_t,
an MGU's 1 - f_t) forgets as exp(-t / tau), with the effective time scale tau = -1 / mean ln k_t in
steps (Tallec & Ollivier 2018, section 2).
"""

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from longlag.nn.model import Model
from longlag.probes.profile import (
    activations,
    by_lag,
    last_asked,
    mean_over_units,
    previous_states,
    walk_layers,
)
from longlag.tasks.base import Batch

CLOSED, OPEN = 0.1, 0.9


def gates(model: Model, batch: Batch, states: tuple) -> dict[str, np.ndarray]:
    """Measure means, saturation and time scales of every gate along a trajectory.

    Args:
        model: whose gates.
        batch: in the model's precision.
        states: of the model on that batch.

    Returns:
        gate/<layer>/<letter> (K,): mean over batch and units at each lag.
        closed/<layer>/<letter> (K,), open/<layer>/<letter> (K,): share below 0.1, above 0.9; of
            gates that lie between 0 and 1 (a letter with ~ is a candidate, not a gate).
        timescale/<layer>/<leaf> (H,): tau of each unit of a part of the state, steps; of the
            parts that `Cell.keep` names.
    """
    found, last = {}, last_asked(batch.weight)
    for name, value in activations(model, batch.x, states).items():
        found[f"gate/{name}"] = by_lag(mean_over_units(value), last)
        if name.endswith("~"):
            continue
        for word, beyond in (("closed", value < CLOSED), ("open", value > OPEN)):
            found[f"{word}/{name}"] = by_lag(mean_over_units(beyond.to(value.dtype)), last)
    with torch.no_grad():
        for layer, (cell, u, s) in enumerate(walk_layers(model, batch.x, states)):
            for leaf, factor in cell.keep(u, previous_states(cell, s)).items():
                found[f"timescale/{layer}/{leaf}"] = time_scales(factor.flatten(2), last)
    return found


def time_scales(keep: Float[Tensor, "T B H"], last: Integer[Tensor, "B"]) -> np.ndarray:
    """Compute -1 / (mean of ln keep over steps and sequences): (H,) steps; inf where keep is 1."""
    inside = (torch.arange(len(keep))[:, None] <= last)[..., None]
    logs = torch.where(inside, keep, 1).log().sum((0, 1)) / inside.sum()
    return (-1 / logs).abs().numpy()
