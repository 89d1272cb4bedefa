"""Everything that longlag measures of how a gradient travels, on one model and one batch."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Inexact
from torch import Generator, Tensor

from longlag.nn.losses import Kind
from longlag.nn.model import Model
from longlag.probes.gating import gates
from longlag.probes.jacobians import (
    backwards,
    flatten,
    products,
    singular_values,
    spectral_radius,
    step_bound,
    step_jacobians,
)
from longlag.probes.profile import (
    Arrays,
    gradients,
    in_double,
    last_asked,
    norms,
    previous_states,
    walk_layers,
)
from longlag.probes.retention import probe_r2, retention, visible
from longlag.probes.single_path import single_paths
from longlag.tasks.base import Batch

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOMENTS = 32  # at most, where a quantity is costly
LARGEST = 1024  # numbers of a state whose Jacobians are computed: products of them cost N^3 a step


def examine(
    model: Model, batch: Batch, kind: Kind, rng: Generator, many: Batch | None = None
) -> Arrays:
    """Examine `model`, which is not touched; time and memory are linear in T.

    Args:
        model: at any moment of its training.
        batch: of a few sequences; Jacobians are those of the first.
        kind: of the task's targets.
        rng: for the direction of the kicks.
        many: more sequences, for the linear readout; None: there is none.

    Returns:
        profile/<layer>/<leaf> (K,), total/... (K,): as `longlag.probes.profile`.
        unit/<layer>/<leaf> (5,K): quantiles .05 .25 .5 .75 .95 over units and sequences of |dL/ds|.
        sequence/<layer>/<leaf> (B,K): the norm of each sequence; NaN before its start.
        along/<layer>/<leaf> (K,): what arrives along one part of the state alone.
        gate, closed, open, timescale: as `longlag.probes.gating`.
        jacobian/<layer>/steps (M,), .../singular (M,N), .../radius (M,): of single steps t.
        jacobian/<layer>/log_norm (T_0,), .../log_steps (T_0,), .../lyapunov (N,): of their
            product, `products`.
        jacobian/<layer>/bound (): `step_bound`, of cells that have one.
        jacobian/<layer>/skipped (): N, instead of all these, of a state of more than 1024 numbers.
        retention/at (): the step t; retention/kick/<layer>/<leaf>, retention/swap/<layer> (T-t,):
            what is left k steps after.
        retention/lags (M,), retention/readable/<layer> (M,): R^2 of the input at t, linearly.
    """
    double, exact = in_double(model, batch)
    double.requires_grad_(False)
    last = last_asked(exact.weight)
    grads, states = gradients(double, exact, kind)
    found = {f"profile/{name}": norms(g, last) for name, g in grads.items()}
    found |= {f"unit/{name}": units(g, last) for name, g in grads.items()}
    found |= {f"sequence/{name}": sequences(g, last) for name, g in grads.items()}
    if bool(((exact.weight > 0).sum(0) > 1).any()):
        whole, _ = gradients(double, exact, kind, at_last=False)
        found |= {f"total/{name}": norms(g, last) for name, g in whole.items()}
    found |= single_paths(model, batch, kind)
    found |= gates(double, exact, states)
    found |= jacobians(double, exact.x, states, int(last[0]))
    t = first_news(exact.x)
    kept = retention(double, exact.x, states, t, last, rng)
    found |= {f"retention/{name}": value for name, value in kept.items()}
    found["retention/at"] = np.array(t)
    return found if many is None else found | linear_probe(model, many, t)


def units(g: Inexact[Tensor, "T B *H"], last: Tensor) -> np.ndarray:
    """Compute quantiles over units and sequences of |dL/ds_t| at each lag: (5,K)."""
    size = at_lags(g.abs(), last)
    levels = torch.tensor(QUANTILES, dtype=size.dtype)
    return torch.nanquantile(size.flatten(1), levels, dim=1).numpy()


def sequences(g: Inexact[Tensor, "T B *H"], last: Tensor) -> np.ndarray:
    """Compute ||g_t||_2 of each sequence at each lag: (B,K); NaN before its start."""
    return at_lags(g, last).norm(dim=-1).T.numpy()


def at_lags(g: Inexact[Tensor, "T B *H"], last: Tensor) -> Inexact[Tensor, "K B N"]:
    """Count steps back from each sequence's last one, all units in a row; NaN before its start."""
    g = g.flatten(2)
    step = last[None] - torch.arange(int(last.max()) + 1)[:, None]
    found = g[step.clamp(min=0), torch.arange(g.shape[1])]
    return torch.where((step < 0)[..., None], torch.nan, found)


def jacobians(model: Model, x: Tensor, states: Any, last: int) -> Arrays:
    """Measure each layer's Jacobians along the first sequence, up to its last asked step."""
    found: Arrays = {}
    for i, (cell, u, s) in enumerate(walk_layers(model, x, states)):
        start = previous_states(cell, s)
        numbers = sum(leaf[0, 0].numel() for leaf in s)
        if numbers > LARGEST:
            found[f"jacobian/{i}/skipped"] = np.array(numbers)
            continue
        steps = np.unique(np.linspace(0, last, min(MOMENTS, last + 1)).round().astype(int))
        some = type(s)(*(leaf[steps, :1] for leaf in start))
        J = step_jacobians(cell, u[steps, :1], some)[:, 0]
        path = type(s)(*(leaf[: last + 1, 0] for leaf in start))
        product = products(backwards(cell, u[: last + 1, 0], path))
        bound = step_bound(cell)
        named = {
            "steps": steps,
            "singular": singular_values(J).numpy(),
            "radius": spectral_radius(J).numpy(),
            "log_norm": product.log_norm.numpy(),
            "log_steps": product.log_steps.numpy(),
            "lyapunov": product.exponents.numpy(),
        }
        named |= {} if bound is None else {"bound": np.array(bound)}
        found |= {f"jacobian/{i}/{name}": value for name, value in named.items()}
    return found


def first_news(x: Float[Tensor, "T B I"]) -> int:
    """Find the first step whose input is not the same in every sequence; 0 if there is none."""
    differs = (x != x[:, :1]).flatten(1).any(1)
    return int(differs.int().argmax())


def linear_probe(model: Model, batch: Batch, t: int) -> Arrays:
    """Compute R^2 of a linear probe of the state for x_t, at up to 32 later steps."""
    end = int(last_asked(batch.weight).min())
    lags = np.unique(np.geomspace(1, max(1, end - t) + 1, MOMENTS).round().astype(int)) - 1
    seen: list[list[Tensor]] = [[] for _ in model.cells]
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for x in batch.x.split(64, dim=1):
            for kept, s in zip(seen, model(x, backend=visible(model)).states, strict=True):
                kept.append(flatten(s)[t + lags])
    model.train(was_training)
    found: Arrays = {"retention/lags": lags}
    for i, parts in enumerate(seen):
        found[f"retention/readable/{i}"] = probe_r2(torch.cat(parts, dim=1), batch.x[t])
    return found
