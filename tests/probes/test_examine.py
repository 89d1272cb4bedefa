"""The whole examination: what it holds, that it is pure, and that nothing is missing."""

import copy

import numpy as np
import pytest
import torch
from torch import Generator

from longlag.cells import GRU, LSTM, Elman
from longlag.nn.model import Model
from longlag.probes.examine import examine, first_news, units
from longlag.probes.profile import in_double, profile
from longlag.tasks import Adding, TemporalOrder

B, H = 6, 5


def case(cell=LSTM, layers=1, task=None):
    task = Adding(length=20) if task is None else task
    torch.manual_seed(0)
    model = Model(task.spec.input_size, task.spec.output_size, cell, H, layers)
    return model, task.batch("validation", 0, 0, B), task.spec.kind


def look(*what, many=None):
    return examine(*what, Generator().manual_seed(0), many)


@pytest.mark.parametrize("cell", [Elman, GRU, LSTM])
def test_an_examination_contains_the_profile_that_training_recorded(cell):
    model, batch, kind = case(cell, layers=2)
    found, want = look(model, batch, kind), profile(model, batch, kind)
    for name, values in want.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12)


def test_sequences_of_several_lengths_can_be_examined():
    model, batch, kind = case(task=TemporalOrder(length=20))
    many = TemporalOrder(length=20).batch("validation", 0, 1, 40)
    found = look(model, batch, kind, many=many)
    assert {name.partition("/")[0] for name in found} == {
        "profile", "sequence", "unit", "along", "gate", "closed", "open", "timescale",
        "jacobian", "retention",
    }  # fmt: skip
    last = int(batch.lengths[0]) - 1
    assert found["jacobian/0/log_norm"].shape == (last + 1,)
    assert found["jacobian/0/singular"].shape == (last + 1, 2 * H)
    for name in ("profile/0/h", "along/0/c", "gate/0/f", "retention/readable/0"):
        assert np.isfinite(found[name]).all(), name
    assert found["retention/at"] == 1  # step 0 is the start symbol


def test_only_a_vanilla_rnn_has_a_bound_and_its_steps_keep_it():
    found = look(*case(Elman))
    assert (found["jacobian/0/singular"] <= found["jacobian/0/bound"] * (1 + 1e-9)).all()
    lag = np.arange(1, 21)
    assert (found["jacobian/0/log_norm"] <= lag * np.log(found["jacobian/0/bound"]) + 1e-9).all()
    assert "jacobian/0/bound" not in look(*case(LSTM))


def test_the_norms_of_the_sequences_make_the_profile():
    found = look(*case(task=TemporalOrder(length=20)))
    assert np.isnan(found["sequence/0/h"]).any()
    mean = np.nanmean(found["sequence/0/h"], axis=0)
    np.testing.assert_allclose(mean, found["profile/0/h"], rtol=1e-12)


def test_quantiles_of_units_skip_what_a_short_sequence_does_not_have():
    g = torch.arange(1.0, 5.0)[:, None, None].expand(4, 2, 3).clone()
    found = units(g, torch.tensor([3, 1]))
    assert found.shape == (5, 4)
    np.testing.assert_allclose(found[2], [3, 2, 2, 1])  # medians of {4,2} {3,1} {2} {1}
    np.testing.assert_allclose(found[:, 3], 1)


def test_the_first_step_that_differs_is_the_one_that_is_asked_about():
    x = torch.zeros(5, 3, 2)
    assert first_news(x) == 0
    x[2, 1, 0] = 1
    assert first_news(x) == 2


def test_an_examination_leaves_the_model_and_the_random_state_alone():
    model, batch, kind = case()
    model.train()
    before, rng = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    first, second = look(model, batch, kind), look(model, batch, kind)
    assert model.training and torch.equal(torch.get_rng_state(), rng)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) and value.dtype == torch.float32
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


@pytest.mark.parametrize("backend", ["auto", "loop", "fused", "compiled"])
def test_any_backend_that_can_train_the_model_can_be_examined(backend):
    model, batch, kind = case(Elman)
    want = look(model, batch, kind, many=batch)
    model.backend = backend
    found = look(model, batch, kind, many=batch)
    for name in want:
        np.testing.assert_allclose(found[name], want[name], rtol=1e-9)


def test_a_sequence_of_one_step_can_be_examined():
    model, batch, kind = case(task=Adding(length=2))
    one = type(batch)(batch.x[:1], batch.target[:1], torch.ones(1, B))
    assert look(model, one, kind)["profile/0/c"] == 0
    assert in_double(model, one)[1].x.dtype == torch.double
