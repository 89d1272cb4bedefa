"""The profile of a batch, by lag."""

import copy

import numpy as np
import pytest
import torch
from torch import Generator

from longlag.cells import GRU, LSTM, Elman
from longlag.nn.model import Model
from longlag.probes.profile import last_asked, profile
from longlag.probes.taps import state_gradients
from longlag.tasks import Adding, Batch

T, B = 12, 4


def model_of(cell=LSTM, layers=1) -> Model:
    torch.manual_seed(0)
    return Model(2, 1, cell, 5, layers)


def batch_of(**more) -> Batch:
    return Adding(length=T).batch("validation", 0, 0, B)._replace(**more)


def test_the_profile_is_the_norm_of_each_sequence_gradient_over_the_lag():
    model, batch = model_of().double(), batch_of()
    found = profile(model, batch, "regression")
    x, target = batch.x.double(), batch.target[-1].double()
    for leaf in ("h", "c"):
        one_by_one = []
        for b in range(B):
            (g,) = state_gradients(
                model, x[:, [b]], lambda out, b=b: (out.prediction[-1] - target[[b]]).square().sum()
            )
            one_by_one.append(getattr(g, leaf)[:, 0].norm(dim=-1).flip(0))
        want = torch.stack(one_by_one).mean(0).numpy()
        np.testing.assert_allclose(found[f"profile/0/{leaf}"], want, rtol=1e-9)


@pytest.mark.parametrize("cell", [LSTM, GRU, Elman])
def test_sequences_of_several_lengths_are_aligned_at_their_ends(cell):
    lengths = torch.tensor([12, 5, 9, 7])
    weight = torch.zeros(T, B)
    weight[lengths - 1, torch.arange(B)] = 1
    batch = batch_of(weight=weight, lengths=lengths)
    model = model_of(cell)
    together = profile(model, batch, "regression")
    alone = [
        profile(
            model,
            Batch(*(part[: lengths[b], [b]] for part in (batch.x, batch.target, weight))),
            "regression",
        )
        for b in range(B)
    ]
    for name, values in together.items():
        for k in range(T):
            reached = [a[name][k] for a in alone if k < len(a[name])]
            assert values[k] == pytest.approx(np.mean(reached), rel=1e-9), (name, k)


def test_the_total_profile_is_there_only_where_several_steps_are_asked():
    assert not any(
        name.startswith("total") for name in profile(model_of(), batch_of(), "regression")
    )
    every = batch_of(weight=torch.ones(T, B))
    found = profile(model_of(), every, "regression")
    assert found["total/0/h"].shape == (T,)
    # the last step's loss is one of T equal shares: its direct part is 1/T of the profile's
    np.testing.assert_allclose(found["total/0/h"][0], found["profile/0/h"][0] / T, rtol=1e-9)


def test_gates_are_the_means_of_the_activations_over_units_and_sequences():
    model, batch = model_of(), batch_of()
    found = profile(model, batch, "regression")
    cell = copy.deepcopy(model.cells[0]).double()
    s, seen = cell.init_state(B), []
    for u in cell.project(batch.x.double()).unbind(0):
        seen.append(cell.gates(u, s).f.mean().item())
        s = cell.step(u, s)
    np.testing.assert_allclose(found["gate/0/f"], seen[::-1], rtol=1e-9)
    assert {name for name in found if name.startswith("gate")} == {
        f"gate/0/{letter}" for letter in ("f", "i", "g~", "o")
    }


def test_every_layer_and_every_part_of_the_state_has_a_profile():
    found = profile(model_of(layers=2), batch_of(), "regression")
    assert {name for name in found if name.startswith("profile")} == {
        f"profile/{layer}/{leaf}" for layer in (0, 1) for leaf in ("h", "c")
    }


def test_a_gradient_far_below_float32_is_still_a_number():
    torch.manual_seed(0)
    model = Model(2, 1, Elman, 5)
    with torch.no_grad():
        model.cells[0].W_h.weight.mul_(1e-3)
    batch = Adding(length=30).batch("validation", 0, 0, B)
    norms = profile(model, batch, "regression")["profile/0/h"]
    assert 0 < norms[-1] < 1e-60


def test_probing_leaves_the_model_and_the_random_state_alone():
    model = model_of()
    model.train()
    before, rng = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    profile(model, batch_of(), "regression")
    assert model.training
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(p.grad is None for p in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) and value.dtype == torch.float32


def test_the_last_asked_step_is_found_and_a_silent_sequence_refused():
    weight = torch.zeros(5, 3)
    weight[[1, 3], 0] = weight[4, 1] = weight[0, 2] = 1
    assert last_asked(weight).tolist() == [3, 4, 0]
    weight[:, 1] = 0
    with pytest.raises(ValueError, match="asked nothing"):
        last_asked(weight)


def test_a_profile_of_classes_uses_the_cross_entropy():
    torch.manual_seed(0)
    model = Model(2, 3, GRU, 5).double()
    g = Generator().manual_seed(2)
    weight = torch.zeros(T, B)
    weight[-1] = 1
    target = torch.randint(0, 3, (T, B), generator=g)
    x = torch.randn(T, B, 2, generator=g)
    found = profile(model, Batch(x, target, weight), "classification")["profile/0/h"]
    p = model(x.double()).prediction[-1].softmax(-1)
    direct = (p - torch.eye(3)[target[-1]]) @ model.head.weight
    assert found[0] == pytest.approx(direct.norm(dim=-1).mean().item())
