"""Gradients of the parameters: windows of steps, clips, explosions and updates."""

import numpy as np
import pytest
import torch
from torch import nn

from longlag.probes.parameters import StepNorms, copies, summarise, update_ratios


def test_a_window_counts_what_was_clipped_and_what_exploded():
    norms = np.array([0.5, 1.0, 1.0, 2.0, 4.0, 101.0, np.inf, np.nan])
    window = summarise(norms, end=8, clip=1.0)  # the median of the finite ones is 1.5
    assert window == (8, 8, 5 / 8, 2, 101.0)
    assert summarise(np.append(norms[:5], 151.0), 6, clip=None) == (6, 6, 0.0, 1, 151.0)


def test_windows_hold_every_step_that_was_looked_at_once():
    model, watch = nn.Linear(1, 1, bias=False), StepNorms(clip=2000.0)
    for step in range(1, 2501):
        model.weight.grad = torch.full((1, 1), float(step))
        watch.add(model)
        if step == 100:
            first = watch.close(step)
    assert first == (100, 100, 0.0, 0, 100.0)
    assert watch.close(2500) == (2500, 2400, pytest.approx(500 / 2400), 0, 2500.0)
    assert watch.close(2500) is None


def test_update_ratios_are_the_change_over_the_weight():
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 4.0]]))
        model.bias.zero_()
        old = copies(model)
        model.weight.add_(torch.tensor([[0.0, 0.5]]))
        assert update_ratios(old, model).tolist() == [pytest.approx(0.1), 0.0]
        model.bias.add_(1)
        assert update_ratios(old, model)[1] == np.inf
