"""What a model is like before it is trained: how its gradient fades, and what its step costs."""

import statistics
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Generator

from longlag.engine.denormals import flush_denormals
from longlag.nn.model import Model
from longlag.probes.callback import probe_batch
from longlag.probes.gating import gates
from longlag.probes.jacobians import leading_exponent
from longlag.probes.profile import (
    gradients,
    in_double,
    last_asked,
    norms,
    previous_states,
    walk_layers,
)
from longlag.records.gradient_decay import slowest_rate
from longlag.records.untrained import Start
from longlag.runs.config import Config
from longlag.runs.instantiate import build, build_model, build_optimizer
from longlag.tasks.base import Batch, Task

SEQUENCES = 16  # of validation, as the probe of a training has them
LAGS = 40  # at most, that a profile is kept at
STEPS, ROUNDS = 6, 9  # training steps of a round, and rounds, of each model that is timed


@flush_denormals()
def measure_start(configs: list[Config]) -> Start:
    """Measure one cell on one task as each of its seeds initialises it.

    Args:
        configs: alike but for the seed.
    """
    first, found = configs[0], []
    for config in configs:
        task = build(config.values.task)
        model = build_model(config.values, task)
        found.append(look_into(model, task, config.values.seeds.data) if model.cells else {})
    rates, exponents, forgetting = (
        [seed.get(name) for seed in found] for name in ("decay", "exponent", "forgetting")
    )
    profiles = [seed["profile"] for seed in found if "profile" in seed]
    return Start(
        cell=first.names["cell"],
        task=first.names["task"],
        length=getattr(task, "length", None),
        parameters=sum(p.numel() for p in model.parameters()),
        state=model.state_size,
        decay=rates,
        exponent=exponents,
        forgetting=forgetting,
        profile=median_profile(profiles) if profiles else [],
    )


def look_into(model: Model, task: Task, seed: int) -> dict[str, Any]:
    """Measure one untrained model, in double precision.

    Returns:
        decay: the decay rate along the best part of the state of the first layer, of a model of
            blocks of any layer, as `longlag.records.gradient_decay.best_rate`; nats per step.
        exponent: the largest Lyapunov exponent of these layers, `leading_exponent`.
        forgetting: 1 / tau of the unit in the middle, tau the time scale of its gate; of the layer
            where that is least.  None without a gate that keeps.
        profile: (K,) the norms along that part, and None for a number that is not finite.
    """
    double, batch = in_double(model, probe_batch(task, seed, SEQUENCES))
    double.requires_grad_(False)
    last, first_cells = last_asked(batch.weight), len(model.cells) if model.blocks else 1
    grads, states = gradients(double, batch, task.spec.kind)
    flow = {f"profile/{name}": norms(g, last)[None] for name, g in grads.items()}
    by_part = {name: slowest_rate({name: row}, first_cells) for name, row in flow.items()}
    best = min(flow, key=lambda name: np.nan_to_num(by_part[name], nan=np.inf))
    scales = gates(double, batch, states)
    middle = [
        float(np.quantile(1 / tau, 0.5, method="higher"))
        for name, tau in scales.items()
        if name.startswith("timescale/") and int(name.split("/")[1]) < first_cells
    ]
    return {
        "decay": finite(by_part[best]),
        "exponent": finite(max(exponents(double, batch, states, int(last.min()))[:first_cells])),
        "forgetting": finite(min(middle)) if middle else None,
        "profile": flow[best][0],
    }


def exponents(model: Model, batch: Batch, states: Any, last: int) -> list[float]:
    """Return the largest Lyapunov exponent of each layer on its own: mean over the sequences."""
    rng, found = Generator().manual_seed(0), []
    for cell, u, s in walk_layers(model, batch.x, states):
        path = type(s)(*(leaf[: last + 1] for leaf in previous_states(cell, s)))
        found.append(float(leading_exponent(cell, u[: last + 1].detach(), path, rng).mean()))
    return found


def median_profile(profiles: list[np.ndarray]) -> list[tuple[int, float | None]]:
    """Return (lag, common logarithm of the share left) at up to `LAGS` lags: median over seeds."""
    width = min(map(len, profiles))
    rows = np.array([row[:width] for row in profiles])
    start = rows[np.arange(len(rows)), (rows > 0).argmax(axis=1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.median(np.log10(rows / start[:, None]), axis=0)
    lags = np.unique(np.linspace(0, width - 1, LAGS).round().astype(int))
    return [(int(k), finite(round(float(left[k]), 3))) for k in lags]


def finite(value: float) -> float | None:
    """Return a number that JSON can hold; None for another."""
    return float(value) if np.isfinite(value) else None


@flush_denormals()
def time_steps(configs: Mapping[str, Config], rounds: int = ROUNDS) -> dict[str, float]:
    """Time a training step of each model: forward, backward, clipping and update of one batch.

    Returns:
        CPU microseconds by the key of the config: the median of rounds that take turns, so that
        whatever else the machine does disturbs all of them alike.
    """
    torch.set_num_threads(1)
    steps = {name: training_step(config) for name, config in configs.items()}
    found: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():  # compiles what is to be compiled
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            for _ in range(STEPS):
                step()
            found[name].append((time.process_time() - start) / STEPS * 1e6)
    return {name: round(statistics.median(times), 1) for name, times in found.items()}


def training_step(config: Config) -> Any:
    """Return a function that trains the model of a config by one step."""
    cfg = config.values
    task = build(cfg.task)
    model = build_model(cfg, task)
    optimizer = build_optimizer(cfg.optim)(model.parameters())
    batch = task.batch("train", cfg.seeds.data, 0, cfg.trainer.batch_size)
    asked = batch.weight.flatten().nonzero()[:, 0]
    target = batch.target.flatten(0, 1).index_select(0, asked)

    def step() -> None:
        out = model(batch.x, lengths=batch.lengths, at=asked)
        loss = model.loss(task.spec.kind, out.prediction, target).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step
