"""Gates: shares, time scales, and what chrono initialisation was designed for."""

import math

import numpy as np
import pytest
import torch

from longlag.cells import GRU, LEM, LRU, LSTM, MGU, UGRNN, Elman, MinGRU
from longlag.nn.model import Model
from longlag.probes.gating import gates, time_scales
from longlag.probes.profile import gradients, in_double, profile
from longlag.tasks import Adding

T, B = 10, 3


def measured(model, batch=None):
    batch = Adding(length=T).batch("validation", 0, 0, B) if batch is None else batch
    model, batch = in_double(model, batch)
    return gates(model, batch, gradients(model, batch, "regression")[1])


def silent(cell, hidden_size=6, **arguments) -> Model:
    """A model whose gates are their biases."""
    torch.manual_seed(0)
    model = Model(2, 1, lambda i, h: cell(i, h, **arguments), hidden_size)
    with torch.no_grad():
        model.cells[0].W_x.weight.zero_()
        if hasattr(model.cells[0], "W_h"):
            model.cells[0].W_h.weight.zero_()
    return model


def test_the_time_scale_of_a_constant_gate_is_minus_one_over_its_log():
    f = torch.tensor([0.5, 0.9, 0.99, 1.0], dtype=torch.double).expand(T, B, 4)
    tau = time_scales(f, torch.tensor([9, 4, 2]))
    np.testing.assert_allclose(tau[:3], -1 / np.log([0.5, 0.9, 0.99]))
    assert tau[3] == math.inf


def test_steps_past_the_last_one_do_not_count():
    f = torch.full((T, 1, 1), 0.5).double()
    f[4:] = 1e-9
    assert time_scales(f, torch.tensor([3])) == pytest.approx(1 / math.log(2))


def test_a_forget_bias_of_one_keeps_a_unit_for_three_steps():
    tau = measured(silent(LSTM))["timescale/0/c"]
    np.testing.assert_allclose(tau, -1 / math.log(1 / (1 + math.exp(-1))), rtol=1e-6)  # 3.19


def test_chrono_initialisation_shows_the_spread_it_was_designed_for():
    """b_f = ln u with u uniform in [1, T_max - 1], so tau = 1 / ln(1 + 1/u), within u and u + 1."""
    longest = 100
    tau = np.sort(measured(silent(LSTM, 2000, chrono=longest))["timescale/0/c"])
    assert tau[0] >= 1 / math.log(2) - 1e-6 and tau[-1] <= longest
    u = np.linspace(1, longest - 1, 2000)
    assert np.abs(tau - 1 / np.log1p(1 / u)).max() < 5  # uniform: Kolmogorov's 5 % bound is 3.0


def test_a_gru_keeps_by_its_update_gate():
    model = silent(GRU)
    with torch.no_grad():
        model.cells[0].W_x.bias.chunk(3)[1].fill_(math.log(9))  # rows r z n: z = 0.9
    found = measured(model)
    np.testing.assert_allclose(found["timescale/0/h"], -1 / math.log(0.9), rtol=1e-6)


@pytest.mark.parametrize("bias", [-6.0, 6.0])
def test_an_mgu_keeps_by_one_minus_its_gate(bias: float):
    """Its gate at -6 keeps for 400 steps, at +6 for a sixth of one."""
    model = silent(MGU)
    for p in (model.cells[0].U_f.weight, model.cells[0].U_n.weight):
        torch.nn.init.zeros_(p)
    with torch.no_grad():
        model.cells[0].W_x.bias.chunk(2)[0].fill_(bias)
    f = 1 / (1 + math.exp(-bias))
    np.testing.assert_allclose(measured(model)["timescale/0/h"], -1 / math.log(1 - f), rtol=1e-4)


@pytest.mark.parametrize(("cell", "parts"), [(UGRNN, "h"), (MinGRU, "h"), (LEM, "yz"), (LRU, "h")])
def test_every_cell_that_keeps_has_time_scales(cell, parts: str):
    torch.manual_seed(0)
    found = measured(Model(2, 1, cell, 6))
    assert {name for name in found if "timescale" in name} == {f"timescale/0/{k}" for k in parts}
    assert all((found[f"timescale/0/{k}"] > 0).all() for k in parts)


def test_shares_of_closed_and_open_gates_are_counts():
    model = silent(LSTM, hidden_size=4)
    with torch.no_grad():
        model.cells[0].W_x.bias.chunk(4)[1].copy_(torch.tensor([-3.0, -3.0, 0.0, 3.0]))
    found = measured(model)
    np.testing.assert_array_equal(found["closed/0/f"], np.full(T, 0.5))
    np.testing.assert_array_equal(found["open/0/f"], np.full(T, 0.25))
    assert "closed/0/g~" not in found and "gate/0/g~" in found


def test_the_means_are_those_of_the_profile():
    torch.manual_seed(0)
    model, batch = Model(2, 1, LSTM, 6, 2), Adding(length=T).batch("validation", 0, 0, B)
    found, want = measured(model, batch), profile(model, batch, "regression")
    for name in want:
        if name.startswith("gate/"):
            np.testing.assert_array_equal(found[name], want[name])


def test_a_cell_without_gates_has_none():
    assert measured(Model(2, 1, Elman, 6)) == {}
