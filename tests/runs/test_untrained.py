"""What is measured of an untrained cell is what its training would have found at its first step."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator

from longlag.cells import LSTM, Cell, Hidden
from longlag.engine import unroll
from longlag.probes.jacobians import backwards, leading_exponent, products
from longlag.probes.profile import previous_states
from longlag.records.gradient_decay import best_rate
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.run import execute
from longlag.runs.untrained import measure_start, time_steps
from tiny import TINY


class Fading(Cell):
    """h_t = 0.9 h_(t-1) + x_t."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.a = torch.nn.Parameter(torch.tensor(0.9, dtype=torch.float64))

    def step(self, u, s):
        return Hidden(self.a * s.h + u)


def exponent(cell: Cell, steps: int, size: int) -> tuple[float, float]:
    """By one random vector, and by the whole spectrum."""
    x = torch.randn(steps, 1, size, generator=Generator().manual_seed(1), dtype=torch.float64)
    cell = cell.double().requires_grad_(False)
    u, before = cell.project(x), previous_states(cell, unroll(cell, x, backend="loop").states)
    found = leading_exponent(cell, u, before, Generator().manual_seed(0))
    path = type(before)(*(leaf[:, 0] for leaf in before))
    return float(found[0]), float(products(backwards(cell, u[:, 0], path)).exponents[0])


def test_the_exponent_of_a_linear_memory_is_the_log_of_its_factor():
    assert exponent(Fading(3, 3), 20, 3)[0] == pytest.approx(math.log(0.9), abs=1e-12)


def test_one_vector_finds_the_largest_exponent_of_the_spectrum():
    torch.manual_seed(0)
    alone, first = exponent(LSTM(4, 8), 400, 4)
    assert alone == pytest.approx(first, abs=0.01)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_decay_is_that_which_a_run_of_the_seed_records_at_its_start(cell: str, tmp_path: Path):
    words = (*TINY, f"cell={cell}", "task.length=20", "trainer.max_steps=10", "logger=none")
    configs = [resolve((*words, f"seed={seed}")) for seed in (0, 1)]
    start, store = measure_start(configs), Store(tmp_path, "study")
    store.prepare()
    for config, decay in zip(configs, start.decay, strict=True):
        store.save(*execute(config, tmp_path))
        run = store.read(config.id)
        assert run is not None and decay == pytest.approx(best_rate(run, 0), rel=1e-12)
        assert start.parameters == run.parameters and start.state == run.record.model.state_size
    assert (start.cell, start.task, start.length) == (cell, "adding", 20)
    assert (start.forgetting[0] is None) == (cell == "rnn")
    assert [lag for lag, _ in start.profile] == list(range(20))
    assert cell == "lstm" or start.profile[0][1] == 0.0  # of an LSTM nothing reads c_T


def test_a_reference_without_recurrence_has_no_gradient_through_time():
    start = measure_start([resolve((*TINY, "cell=transformer", "seed=0"))])
    assert start.decay == start.exponent == start.forgetting == [None]
    assert start.state == 0 and start.profile == []


def test_every_model_that_is_timed_has_a_time():
    found = time_steps({cell: resolve((*TINY, f"cell={cell}")) for cell in ("rnn", "transformer")})
    assert set(found) == {"rnn", "transformer"} and np.all(np.array(list(found.values())) > 0)
