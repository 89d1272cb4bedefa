"""What is left of a moment some steps later: the gradient's forward counterpart.

Three questions to the states: what is left k steps after a perturbation of the state, after one
input was swapped for another sequence's, and how well a linear probe still predicts that input.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Inexact, Integer
from torch import Generator, Tensor

from longlag.cells.base import Cell
from longlag.engine import loop
from longlag.nn.model import Model
from longlag.probes.jacobians import flatten
from longlag.probes.profile import walk_layers

SIZE = 0.01  # of a perturbation, relative to the state


def perturbation(
    cell: Cell,
    u: Float[Tensor, "T B P"],
    states: Any,
    leaf: str,
    t: int,
    last: Integer[Tensor, "B"],
    rng: Generator,
) -> np.ndarray:
    """Compute ||ds_(t+k)|| / ||ds_t|| after one part of s_t moved by 1 % in a random direction.

    Args:
        cell: the recurrence.
        u: its projected inputs.
        states: its states over them, (T,B,H).
        leaf: the part of the state that is moved.
        t: the step after which it is.
        last: the last step of each sequence that counts.
        rng: of the direction.

    Returns:
        (T-t,): mean over the sequences that last so long; k = 0, 1, ...
    """
    s = type(states)(*(part[t] for part in states))
    old = getattr(s, leaf)
    way = torch.randn(old.shape, generator=rng, dtype=torch.double).to(old)
    size = flatten(s, 1).norm(dim=-1)
    step = SIZE * torch.where(size > 0, size, 1) / way.flatten(1).norm(dim=-1)
    moved = s._replace(**{leaf: old + step.reshape(-1, *[1] * (old.dim() - 1)) * way})
    with torch.no_grad():
        after = [moved]
        if t + 1 < len(u):
            run = loop.run_loop(cell, u[t + 1 :], moved, moved, None, None, None)
            after += [type(s)(*parts) for parts in zip(*run, strict=True)]
        apart = torch.stack([flatten(a, 1) for a in after]) - flatten(states)[t:]
    return share_left(apart, t, last)


def swap(model: Model, x: Float[Tensor, "T B I"], t: int, last: Tensor) -> dict[str, np.ndarray]:
    """Compute ||ds_(t+k)|| / ||ds_t|| of each layer after x_t was exchanged for another's."""
    other = x.clone()
    other[t] = x[t].roll(1, dims=0)
    with torch.no_grad():
        pair = [model(inputs, backend=visible(model)).states for inputs in (x, other)]
    return {
        str(i): share_left((flatten(b) - flatten(a))[t:], t, last)
        for i, (a, b) in enumerate(zip(*pair, strict=True))
    }


def share_left(apart: Inexact[Tensor, "K B N"], t: int, last: Integer[Tensor, "B"]) -> np.ndarray:
    """Average ||apart_k|| / ||apart_0|| over the sequences that last; NaN where none does."""
    size = apart.norm(dim=-1)
    counts = (t + torch.arange(len(size))[:, None] <= last) & (size[0] > 0)
    share = torch.where(counts, size / size[0].clamp(min=1e-300), 0)
    return (share.sum(1) / counts.sum(1)).numpy()


def probe_r2(
    states: Inexact[Tensor, "M B N"], wanted: Float[Tensor, "B I"], ridge: float = 1e-2
) -> np.ndarray:
    """Compute R^2 of a linear probe of the state for `wanted`, on sequences it was not fitted on.

    Ridge regression in closed form on each half of the sequences, scored on the other half:
    1 - (squared error) / (variance), all features together; at most 1, near or below 0 where
    nothing is left.

    Args:
        states: at M moments.
        wanted: what is to be predicted, such as an earlier x_t; constant features are left out.
        ridge: the penalty, relative to the mean variance of a state's number.

    Returns:
        (M,); NaN if `wanted` does not vary.
    """
    half, varies = states.shape[1] // 2, wanted.std(0) > 0
    if half < 2 or not bool(varies.any()):
        return np.full(len(states), np.nan)
    halves = (slice(0, half), slice(half, 2 * half))
    wanted, states = wanted[:, varies].double(), states.double()
    error = total = torch.zeros(len(states), dtype=torch.double)
    for fitted, scored in (halves, halves[::-1]):
        mean, offset = states[:, fitted].mean(1, keepdim=True), wanted[fitted].mean(0)
        X, Y = states[:, fitted] - mean, wanted[fitted] - offset
        gram = X.mT @ X
        weight = ridge * gram.diagonal(dim1=-2, dim2=-1).mean(-1) + 1e-12
        gram = gram + weight[:, None, None] * torch.eye(gram.shape[-1], dtype=gram.dtype)
        predicted = (states[:, scored] - mean) @ torch.linalg.solve(gram, X.mT @ Y) + offset
        error = error + (predicted - wanted[scored]).square().sum((1, 2))
        total = total + (wanted[scored] - wanted[scored].mean(0)).square().sum()
    return (1 - error / total).numpy()


def retention(
    model: Model, x: Tensor, states: Any, t: int, last: Tensor, rng: Generator
) -> dict[str, np.ndarray]:
    """Perturb every part of every layer's state, and swap an input, at step t.

    Returns:
        kick/<layer>/<leaf> (T-t,), swap/<layer> (T-t,): the share left k steps later.
    """
    found = {f"swap/{name}": value for name, value in swap(model, x, t, last).items()}
    for i, (cell, u, s) in enumerate(walk_layers(model, x, states)):
        for leaf in s._fields:
            found[f"kick/{i}/{leaf}"] = perturbation(cell, u.detach(), s, leaf, t, last, rng)
    return found


def visible(model: Model) -> str:
    """Name a backend that shows the states."""
    return "scan" if model.backend == "scan" else "loop"
