"""The net of 1997 is as published: its weights are counted, its gradient is cut where it was."""

from typing import Any

import pytest
import torch

from longlag.cells import LSTM1997
from longlag.engine import unroll
from longlag.nn.model import Model

T, B = 8, 3


@pytest.mark.parametrize(
    ("experiment", "inputs", "blocks", "size", "biased", "outputs", "head_bias", "weights"),
    [
        ("4 and 5", 2, 2, 2, "all", 1, True, 93),
        ("6a", 8, 2, 2, "all", 4, True, 156),
        ("6b", 8, 3, 2, "all", 8, True, 308),
        ("3a", 1, 3, 1, "all", 1, False, 102),
        ("2c, p = 50", 54, 2, 1, "none", 2, False, 364),
        ("1, four blocks of one", 7, 4, 1, "gates", 7, False, 264),
        ("1, three blocks of two", 7, 3, 2, "gates", 7, False, 276),
    ],
)
def test_it_has_as_many_weights_as_each_experiment_of_the_paper(
    experiment, inputs, blocks, size, biased, outputs, head_bias, weights
):
    cell = LSTM1997(inputs, blocks, size, biased, input_bias=None)
    own = sum(p.numel() for p in cell.parameters())
    assert own + outputs * (cell.output_size + head_bias) == weights, experiment


def test_the_model_of_the_adding_problem_has_93():
    model = Model(2, 1, LSTM1997, 2)
    assert sum(p.numel() for p in model.parameters()) == 93
    assert model.state_size == 4 + 4 + 2 + 2


def test_gate_biases_start_negative_block_by_block_and_weights_in_a_tenth():
    cell = LSTM1997(2, 3, input_bias=(-2, -4, -6), output_bias=(-1,))
    assert cell.b[:3].tolist() == [-2, -4, -6] and cell.b[3:6].tolist() == [-1, -1, -1]
    assert all(p.abs().max() <= 0.1 for p in (cell.W_x.weight, cell.W_h.weight, cell.b[6:]))


def test_what_is_written_and_what_is_seen_stay_in_their_ranges():
    cell, far = LSTM1997(1, 1, 1).double(), torch.full((1, 1), 1e3).double()
    zero = cell.init_state(1)
    for sign in (1, -1):
        gates = cell.gates(torch.cat([far, far, sign * far], -1), zero)
        torch.testing.assert_close(gates["g~"], torch.full((1, 1), 2.0 * sign).double())
        full = cell.step(torch.cat([far, far, 0 * far], -1), zero._replace(c=sign * far))
        torch.testing.assert_close(full.h, torch.full((1, 1), 1.0 * sign).double())


def gradients(cell: LSTM1997, x: torch.Tensor) -> Any:
    """dh_T/ds_0, and the outputs."""
    s = cell.State(*(torch.zeros_like(leaf).requires_grad_() for leaf in cell.init_state(B)))
    run = unroll(cell, x, s, backend="loop")
    return torch.autograd.grad(run.y[-1].sum(), s, materialize_grads=True), run.y


def test_the_truncated_gradient_goes_back_along_the_carousel_alone_and_values_stay():
    torch.manual_seed(0)
    cell = LSTM1997(2, 2).double()
    x = torch.randn(T, B, 2).double()
    whole, y = gradients(cell, x)
    cell.truncated = True
    cut, same = gradients(cell, x)
    assert y.equal(same)
    assert not any(cut[k].any() for k in (0, 2, 3)) and all(g.any() for g in whole)
    s = cell.init_state(B)
    for u in cell.project(x):
        s = cell.step(u, s)
    slope = (s.o @ cell.spread) * (1 - torch.tanh(s.c / 2) ** 2) / 2  # dh_T/dc_T, and dc_T/dc_0 = 1
    torch.testing.assert_close(cut[1], slope)


@pytest.mark.parametrize(("steps", "same"), [(1, True), (T, False)])
def test_the_truncated_gradient_is_the_whole_one_where_nothing_is_cut(steps: int, same: bool):
    torch.manual_seed(0)
    cell, x = LSTM1997(2, 2).double(), torch.randn(steps, B, 2).double()
    found = []
    for truncated in (False, True):
        cell.truncated = truncated
        y = unroll(cell, x, backend="loop").y
        found.append(torch.autograd.grad(y[-1].sum(), list(cell.parameters())))
    assert [a.equal(b) for a, b in zip(*found, strict=True)] == [same] * 3


def test_gates_that_do_not_feed_gates_are_not_read():
    torch.manual_seed(0)
    cell = LSTM1997(2, 2, gates_feed_gates=False).double()
    grads, _ = gradients(cell, torch.randn(T, B, 2).double())
    assert grads[0].any() and not grads[2].any() and not grads[3].any()


def test_the_net_of_experiment_2a_is_a_gated_sum_of_its_inputs():
    torch.manual_seed(0)
    cell = LSTM1997(
        3, 1, 1, "none", False, input_bias=None, output_gate=False, recurrent=False,
        input_squash="logistic", output_squash="identity",
    ).double()  # fmt: skip
    x = torch.randn(T, B, 3).double()
    i, g = torch.sigmoid(x @ cell.W_x.weight.T).chunk(2, dim=-1)
    torch.testing.assert_close(unroll(cell, x).y, (i * g).cumsum(0))


def test_a_forget_gate_keeps_a_share_of_what_its_block_holds():
    torch.manual_seed(0)
    cell = LSTM1997(2, 3, 2, gates_feed_gates=False, forget_gate=True, forget_bias=[1, 2, 3])
    assert cell.b[6:9].tolist() == [1, 2, 3]
    s = unroll(cell, torch.randn(T, B, 2)).states
    s, u = cell.State(*(leaf[-1] for leaf in s)), cell.project(torch.randn(B, 2))
    gate = cell.gates(u, s)
    rows = (u + cell.W_h(s.h)).split([3, 3, 3, 6], dim=-1)  # pyright: ignore[reportOptionalCall]
    f, i = (torch.sigmoid(rows[k]).repeat_interleave(2, 1) for k in (2, 0))
    torch.testing.assert_close(cell.step(u, s).c, f * s.c + i * gate["g~"])
    torch.testing.assert_close(cell.keep(u, s)["c"], f)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"size": 0}, "size must be at least 1, not 0"),
        ({"biased": "cells"}, "all or gates or none, not 'cells'"),
        ({"biased": "none"}, "leave no bias to set"),
        ({"output_gate": False, "output_bias": [1.0]}, "leave no bias to set"),
        ({"forget_gate": True}, "give gates_feed_gates=false"),
        ({"input_squash": "tanh"}, "wide or logistic, not 'tanh'"),
    ],
)
def test_what_was_never_built_is_refused(how: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        LSTM1997(2, 2, **how)
