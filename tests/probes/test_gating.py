"""Gates: shares, time scales, and what chrono initialisation was designed for."""

import math

import numpy as np
import pytest
import torch

from longlag.cells import GRU, LSTM, Elman
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
        model.cells[0].inp.weight.zero_()
        model.cells[0].rec.weight.zero_()
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
    tau = measured(silent(LSTM))["timescale/0"]
    np.testing.assert_allclose(tau, -1 / math.log(1 / (1 + math.exp(-1))), rtol=1e-6)  # 3.19


def test_chrono_initialisation_shows_the_spread_it_was_designed_for():
    """b_f = ln u with u uniform in [1, T_max - 1], so tau = 1 / ln(1 + 1/u), within u and u + 1."""
    longest = 100
    tau = np.sort(measured(silent(LSTM, 2000, chrono=longest))["timescale/0"])
    assert tau[0] >= 1 / math.log(2) - 1e-6 and tau[-1] <= longest
    u = np.linspace(1, longest - 1, 2000)
    assert np.abs(tau - 1 / np.log1p(1 / u)).max() < 5  # uniform: Kolmogorov's 5 % bound is 3.0


def test_a_gru_keeps_by_its_update_gate():
    model = silent(GRU)
    with torch.no_grad():
        model.cells[0].inp.bias.chunk(3)[1].fill_(math.log(9))  # rows r z h~: z = 0.9
    found = measured(model)
    np.testing.assert_allclose(found["timescale/0"], -1 / math.log(0.9), rtol=1e-6)


def test_shares_of_closed_and_open_gates_are_counts():
    model = silent(LSTM, hidden_size=4)
    with torch.no_grad():
        model.cells[0].inp.bias.chunk(4)[1].copy_(torch.tensor([-3.0, -3.0, 0.0, 3.0]))
    found = measured(model)
    np.testing.assert_array_equal(found["closed/0/f"], np.full(T, 0.5))
    np.testing.assert_array_equal(found["open/0/f"], np.full(T, 0.25))
    assert "closed/0/C~" not in found and "gate/0/C~" in found


def test_the_means_are_those_of_the_profile():
    torch.manual_seed(0)
    model, batch = Model(2, 1, LSTM, 6, 2), Adding(length=T).batch("validation", 0, 0, B)
    found, want = measured(model, batch), profile(model, batch, "regression")
    for name in want:
        if name.startswith("gate/"):
            np.testing.assert_array_equal(found[name], want[name])


def test_a_cell_without_gates_has_none():
    assert measured(Model(2, 1, Elman, 6)) == {}
