"""How the gradient of the last answer travels back: norms over the lag, in double precision.

All arrays are aligned by lag: column k is the step t = T_b - k, k steps before the last step that
sequence b is asked at, and is averaged over the sequences that reach so far back.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Inexact, Integer
from torch import Tensor

from longlag.cells.base import Cell, gates_by_letter
from longlag.nn.losses import Kind
from longlag.nn.model import Model, Output
from longlag.probes.taps import state_gradients
from longlag.tasks.base import Batch

Arrays = dict[str, np.ndarray]


def profile(model: Model, batch: Batch, kind: Kind) -> Arrays:
    """Measure the gradient flow through `model` on `batch`; the model itself is not touched.

    Works on a copy in float64: a gradient of e^-100 is a number there and zero in float32.

    Args:
        model: at any moment of its training.
        batch: of at least one sequence.
        kind: of the task's targets.

    Returns:
        profile/<layer>/<leaf> (K,): mean over b of ||dL_b/ds_(b,t)||_2, L_b the loss of sequence b
            at its last asked step alone.
        total/<layer>/<leaf> (K,): the same for the mean loss of all asked steps, where there are
            several.
        gate/<layer>/<letter> (K,): mean over b and units of each gate's activation.
        Nothing of a model without a recurrence.
    """
    if not model.cells:
        return {}
    double, batch = in_double(model, batch)
    last = last_asked(batch.weight)
    grads, states = gradients(double, batch, kind)
    found = {f"profile/{name}": norms(g, last) for name, g in grads.items()}
    if bool(((batch.weight > 0).sum(0) > 1).any()):
        grads, _ = gradients(double, batch, kind, at_last=False)
        found |= {f"total/{name}": norms(g, last) for name, g in grads.items()}
    seen = activations(double, batch.x, states)
    return found | {f"gate/{name}": by_lag(mean_over_units(v), last) for name, v in seen.items()}


def last_asked(weight: Float[Tensor, "T B"]) -> Integer[Tensor, "B"]:
    """Find the last step of each sequence that is asked for an answer.

    Raises:
        ValueError: a sequence that is never asked.
    """
    asked = weight > 0
    if not bool(asked.any(0).all()):
        raise ValueError("profile: a sequence of the batch is asked nothing (all weights are 0)")
    return len(weight) - 1 - asked.flip(0).int().argmax(0)


def norms(g: Inexact[Tensor, "T B *H"], last: Integer[Tensor, "B"]) -> np.ndarray:
    """Average ||g_t||_2 over sequences at each lag: (K,), K = the longest lag + 1."""
    return by_lag(g.flatten(2).norm(dim=-1), last)


def mean_over_units(value: Float[Tensor, "T B *H"]) -> Float[Tensor, "T B"]:
    """Average over all units of a part of the state, whatever its shape."""
    return value.flatten(2).mean(-1)


def by_lag(value: Float[Tensor, "T B"], last: Integer[Tensor, "B"]) -> np.ndarray:
    """Average over the sequences that reach so far back, at each lag: (K,)."""
    step = last[None] - torch.arange(int(last.max()) + 1)[:, None]  # (K,B)
    reached = step >= 0
    at_lag = value[step.clamp(min=0), torch.arange(value.shape[1])]
    total = torch.where(reached, at_lag, 0.0).sum(1)
    return (total / reached.sum(1)).numpy()


def gradients(
    model: Model, batch: Batch, kind: Kind, at_last: bool = True
) -> tuple[dict[str, Tensor], tuple[Any, ...]]:
    """Compute dL_b/ds_t of each sequence b, by layer/leaf, (T,B,H), and the states.

    No sequence sees another's loss: the sum over b is differentiated once for all.

    Args:
        model: what is probed.
        batch: in the model's precision.
        kind: of the targets.
        at_last: of the last asked step alone, or of the weighted mean over all asked steps.
    """
    weight = batch.weight
    if at_last:
        weight = torch.zeros_like(weight)
        weight[last_asked(batch.weight), torch.arange(weight.shape[1])] = 1
    at = weight.flatten().nonzero()[:, 0]
    target = batch.target.flatten(0, 1).index_select(0, at)
    share = (weight / weight.sum(0)).flatten().index_select(0, at)
    seen: list[Output] = []

    def loss(out: Output) -> Tensor:
        seen.append(out)
        return (model.loss(kind, out.prediction, target) * share).sum()

    grads = state_gradients(model, batch.x, loss, lengths=batch.lengths, at=at)
    named = {
        f"{i}/{leaf}": g
        for i, state in enumerate(grads)
        for leaf, g in zip(state._fields, state, strict=True)
    }
    return named, tuple(type(s)(*(leaf.detach() for leaf in s)) for s in seen[0].states)


def activations(model: Model, x: Float[Tensor, "T B I"], states: Any) -> dict[str, Tensor]:
    """Compute every gate of every layer over the trajectory `states`: layer/letter, (T,B,H).

    Of a bidirectional model none: the backward cell's lags run the other way.
    """
    found = {}
    if not model.causal:
        return found
    with torch.no_grad():
        for i, (cell, u, s) in enumerate(walk_layers(model, x, states)):
            gates = gates_by_letter(cell.gates(u, previous_states(cell, s)))
            found |= {f"{i}/{letter}": value for letter, value in gates.items()}
    return found


def walk_layers(model: Model, x: Tensor, states: Any) -> Iterator[tuple[Cell, Tensor, Any]]:
    """Yield each layer's cell, projected input (T,B,P) and states (T,B,H), from the input up.

    Raises:
        ValueError: a bidirectional model: the backward cell's steps are not in this order.
    """
    if not model.causal:
        raise ValueError("a bidirectional model cannot be walked along; probe one that is causal")
    x = model.apply_front(x)
    for i, (cell, s) in enumerate(zip(model.cells, states, strict=True)):
        u = cell.project(model.cell_input(i, x))
        yield cell, u, s
        x = model.layer_output(i, x, cell.readout(s, u))


def previous_states(cell: Cell, s: Any) -> Any:
    """Return the states that the steps of `s` (T,B,H) started from: s_0 .. s_(T-1)."""
    start = cell.init_state(s[0].shape[1])
    return type(s)(*(torch.cat([a[None], b[:-1]]) for a, b in zip(start, s, strict=True)))


def in_double(model: Model, batch: Batch) -> tuple[Model, Batch]:
    """Copy both in float64, the model without dropout."""

    def cast(part: Any) -> Any:
        return part.double() if part is not None and part.is_floating_point() else part

    return copy.deepcopy(model).double().eval(), Batch(*(cast(part) for part in batch))
