"""How the gradient of the last answer travels back: norms over the lag, in double precision.

All arrays are aligned by lag: column k is the step t = T_b - k, k steps before the last step that
sequence b is asked at, and is averaged over the sequences that reach so far back.
"""

import copy
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from longlag.losses import Kind, per_step_loss
from longlag.model import Model, Output
from longlag.probes.taps import state_gradients
from longlag.tasks.base import Batch

Arrays = dict[str, np.ndarray]


def profile(model: Model, batch: Batch, kind: Kind) -> Arrays:
    """The gradient flow through `model` on `batch`; the model itself is not touched.

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
    """
    double = copy.deepcopy(model).double().eval()
    batch = _double(batch)
    last = last_asked(batch.weight)
    found: Arrays = {}
    grads = _gradients(double, batch, kind, at_last=True)
    found |= {f"profile/{name}": norms(g, last) for name, g in grads.items()}
    if bool(((batch.weight > 0).sum(0) > 1).any()):
        grads = _gradients(double, batch, kind, at_last=False)
        found |= {f"total/{name}": norms(g, last) for name, g in grads.items()}
    return found | gates(double, batch)


def last_asked(weight: Float[Tensor, "T B"]) -> Integer[Tensor, "B"]:
    """The last step of each sequence that is asked for an answer.

    Raises:
        ValueError: a sequence that is never asked.
    """
    asked = weight > 0
    if not bool(asked.any(0).all()):
        raise ValueError("profile: a sequence of the batch is asked nothing (all weights are 0)")
    return len(weight) - 1 - asked.flip(0).int().argmax(0)


def norms(g: Float[Tensor, "T B H"], last: Integer[Tensor, "B"]) -> np.ndarray:
    """The mean over sequences of ||g_t||_2 at each lag: (K,), K = the longest lag + 1."""
    return _by_lag(g.norm(dim=-1), last)


def gates(model: Model, batch: Batch) -> Arrays:
    """The mean activation of each gate of each layer at each lag."""
    found, last = {}, last_asked(batch.weight)
    with torch.no_grad():
        states = model(batch.x, batch.lengths, backend=_visible(model)).states
        y = batch.x
        for i, (cell, s) in enumerate(zip(model.cells, states, strict=True)):
            u, start = cell.project(y), cell.init_state(y.shape[1])
            before = type(s)(*(torch.cat([a[None], b[:-1]]) for a, b in zip(start, s, strict=True)))
            for letter, value in cell.gates(u, before).items():
                found[f"gate/{i}/{letter}"] = _by_lag(value.mean(-1), last)
            y = cell.readout(s, u)
    return found


def _gradients(model: Model, batch: Batch, kind: Kind, at_last: bool) -> dict[str, Tensor]:
    """dL_b/ds_t of each sequence b, by layer/leaf: (T,B,H).  No sequence sees another's loss."""
    B = batch.x.shape[1]
    column = torch.arange(B)
    weight = batch.weight
    if at_last:
        weight = torch.zeros_like(weight)
        weight[last_asked(batch.weight), column] = 1
    at = weight.flatten().nonzero()[:, 0]
    target = batch.target.flatten(0, 1).index_select(0, at)
    share = (weight / weight.sum(0)).flatten().index_select(0, at)

    def loss(out: Output) -> Tensor:
        return (per_step_loss(kind, out.prediction, target) * share).sum()

    grads = state_gradients(model, batch.x, loss, lengths=batch.lengths, at=at)
    return {
        f"{i}/{leaf}": g
        for i, state in enumerate(grads)
        for leaf, g in zip(state._fields, state, strict=True)
    }


def _by_lag(value: Float[Tensor, "T B"], last: Integer[Tensor, "B"]) -> np.ndarray:
    B = value.shape[1]
    step = last[None] - torch.arange(int(last.max()) + 1)[:, None]  # (K,B)
    reached = step >= 0
    at_lag = value[step.clamp(min=0), torch.arange(B)]
    total = torch.where(reached, at_lag, 0.0).sum(1)
    return (total / reached.sum(1)).numpy()


def _visible(model: Model) -> str:
    return "loop" if model.backend in ("auto", "fused") else model.backend


def _double(batch: Batch) -> Batch:
    def cast(part: Any) -> Any:
        return part.double() if part is not None and part.is_floating_point() else part

    return Batch(*(cast(part) for part in batch))
