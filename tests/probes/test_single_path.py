"""The gradient along one part of the state, the others cut."""

import numpy as np
import pytest
import torch

from longlag.cells import GRU, LSTM
from longlag.nn.model import Model
from longlag.probes.profile import gradients, in_double, profile
from longlag.probes.single_path import SinglePathCell, single_paths
from longlag.tasks import Adding

T, B, H = 12, 3, 5


def case(layers: int = 1, cell=LSTM):
    torch.manual_seed(0)
    return Model(2, 1, cell, H, layers), Adding(length=T).batch("validation", 0, 0, B)


def test_along_c_the_gradient_is_the_product_of_the_forget_gates():
    model, batch = case()
    found = single_paths(model, batch, "regression")
    double, exact = in_double(model, batch)
    cell, s, f, o = double.cells[0], double.cells[0].init_state(B), [], []
    for u in cell.project(exact.x).unbind(0):
        gate = cell.gates(u, s)
        f.append(gate.f)
        o.append(gate.o)
        s = cell.step(u, s)
    answer = double.head(s.h)
    direct = 2 * (answer - exact.target[-1]) * double.head.weight
    g = direct * o[-1] * (1 - s.c.tanh().square())  # dL/dc_T, through h_T
    want = [0.0]  # with h_T held fixed
    for f_t in f[::-1][:-1]:
        g = g * f_t
        want.append(g.norm(dim=-1).mean().item())
    np.testing.assert_allclose(found["along/0/c"], want, rtol=1e-9)


def test_along_h_the_gradient_is_what_the_gates_pass_on():
    model, batch = case()
    found = single_paths(model, batch, "regression")
    double, exact = in_double(model, batch)
    cell = double.cells[0]
    s, kept = cell.init_state(B), []
    for u in cell.project(exact.x).unbind(0):
        s = cell.step(u, s._replace(c=s.c.detach()))
        s.h.retain_grad()
        kept.append(s.h)
    (double.head(s.h) - exact.target[-1]).square().sum().backward()
    want = [h.grad.norm(dim=-1).mean().item() for h in kept[::-1]]
    np.testing.assert_allclose(found["along/0/h"], want, rtol=1e-9)


def test_where_the_hidden_state_is_not_read_all_of_the_gradient_goes_along_c():
    model, batch = case()
    with torch.no_grad():
        model.cells[0].W_h.weight.zero_()
    along, whole = single_paths(model, batch, "regression"), profile(model, batch, "regression")
    np.testing.assert_allclose(along["along/0/c"], whole["profile/0/c"], rtol=1e-12)
    np.testing.assert_array_equal(along["along/0/h"][1:], 0)


def test_cutting_changes_no_value():
    model, batch = case(layers=2)
    double, exact = in_double(model, batch)
    want = double(exact.x, backend="loop").prediction
    double.layers = torch.nn.ModuleList(SinglePathCell(cell, "c") for cell in double.cells)
    assert torch.equal(double(exact.x, backend="loop").prediction, want)
    grads, _ = gradients(double, exact, "regression")
    assert set(grads) == {"0/h", "0/c", "1/h", "1/c"}


@pytest.mark.parametrize("layers", [1, 2])
def test_a_state_of_one_part_has_no_paths_to_tell_apart(layers):
    assert single_paths(*case(layers, GRU), "regression") == {}


def test_the_model_is_not_touched():
    model, batch = case(layers=2)
    layers = list(model.layers)
    single_paths(model, batch, "regression")
    assert list(model.layers) == layers and model.head.weight.dtype == torch.float32
