"""The callback: when it looks, what it keeps, and that training does not notice it."""

from itertools import islice

import lightning
import numpy as np
import pytest
import torch

from longlag.cells import LSTM
from longlag.nn.model import Model
from longlag.probes.callback import GradientFlow, probe_batch, schedule
from longlag.probes.profile import profile
from longlag.runs.instantiate import quiet
from longlag.tasks import Adding
from longlag.training.datamodule import DataModule
from longlag.training.learner import Learner

TASK = Adding(length=10)


def train(callbacks, steps=12, clip=0.05, lr=0.05) -> Learner:
    torch.manual_seed(0)
    learner = Learner(Model(2, 1, LSTM, 6), TASK.spec, lambda p: torch.optim.SGD(p, lr=lr), clip)
    with quiet():
        lightning.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=1,
            limit_train_batches=steps,
            limit_val_batches=0,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(learner, DataModule(TASK, 0, 4, 8, 8, 1))
    return learner


def test_the_schedule_is_one_two_five():
    assert list(islice(schedule(1), 8)) == [1, 2, 5, 10, 20, 50, 100, 200]
    assert list(islice(schedule(10), 4)) == [10, 20, 50, 100]


def test_a_dense_schedule_adds_the_multiples_once():
    assert list(islice(schedule(1, 4), 9)) == [1, 2, 4, 5, 8, 10, 12, 16, 20]
    probe = GradientFlow(sequences=4, every=4)
    train([probe], steps=9)
    assert probe.arrays()["steps"].tolist() == [0, 1, 2, 4, 5, 8, 9]


def test_profiles_are_taken_at_init_on_schedule_and_at_the_end():
    probe = GradientFlow(sequences=4)
    train([probe])
    found = probe.arrays()
    assert found["steps"].tolist() == [0, 1, 2, 5, 10, 12]
    for name in ("profile/0/h", "profile/0/c", "gate/0/f"):
        assert found[name].shape == (6, 10)
        assert np.isfinite(found[name]).all()
    assert (found["profile/0/h"] > 0).all(), "a run without gradient rows"
    assert found["parameter/steps"].tolist() == [1, 2, 5, 10]


def test_the_first_profile_is_of_the_initial_and_the_last_of_the_final_model():
    probe = GradientFlow(sequences=4)
    learner = train([probe])
    found, batch = probe.arrays(), probe_batch(TASK, 0, 4)
    torch.manual_seed(0)
    initial = profile(Model(2, 1, LSTM, 6), batch, "regression")
    final = profile(learner.model, batch, "regression")
    for name in initial:
        np.testing.assert_array_equal(found[name][0], initial[name])
        np.testing.assert_array_equal(found[name][-1], final[name])


def test_training_with_and_without_the_probe_is_bit_identical():
    with_probe, without = train([GradientFlow(sequences=4)]), train([])
    for a, b in zip(with_probe.model.parameters(), without.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert with_probe.losses == without.losses


@pytest.mark.parametrize("clip", [0.05, 1e6])
def test_gradient_norms_before_and_after_clipping_are_as_measured(clip):
    probe = GradientFlow(sequences=4)
    train([probe], clip=clip)
    found = probe.arrays()
    before, after = found["parameter/total_before"], found["parameter/total_after"]
    np.testing.assert_allclose(after, np.minimum(before, clip), rtol=1e-4)
    assert (before > 0.05).any()
    names = found["parameter/names"].tolist()
    assert names == [name for name, _ in Model(2, 1, LSTM, 6).named_parameters()]
    assert found["parameter/before"].shape == (4, len(names))


def test_plain_descent_moves_each_parameter_by_rate_times_gradient():
    probe = GradientFlow(sequences=4)
    train([probe], steps=1, lr=0.05)
    torch.manual_seed(0)
    sizes = np.array([p.norm().item() for p in Model(2, 1, LSTM, 6).parameters()])
    found = probe.arrays()
    want = 0.05 * found["parameter/after"][0] / sizes
    np.testing.assert_allclose(found["parameter/update"][0], want, rtol=1e-3)


def test_windows_between_the_probes_cover_the_training():
    probe = GradientFlow(sequences=4)
    train([probe], steps=32, clip=0.05)
    found = probe.arrays()
    assert found["window/end"].tolist() == [1, 2, 5, 10, 20, 32]
    assert found["window/seen"].tolist() == [1, 1, 1, 1, 1, 1]  # the probes' own, and step 30
    above = found["parameter/total_before"][:2] > 0.05
    np.testing.assert_array_equal(found["window/clipped"][:2], above)
    np.testing.assert_allclose(
        found["window/largest"][:2], found["parameter/total_before"][:2], rtol=1e-6
    )


def test_the_norm_of_the_first_step_is_the_one_that_autograd_gives():
    probe = GradientFlow(sequences=4)
    train([probe], steps=1)
    torch.manual_seed(0)
    model, batch = Model(2, 1, LSTM, 6), TASK.batch("train", 0, 0, 4)
    (model(batch.x).prediction[-1] - batch.target[-1]).square().mean().backward()
    want = [p.grad.norm().item() for p in model.parameters() if p.grad is not None]
    np.testing.assert_allclose(probe.arrays()["parameter/before"][0], want, rtol=1e-5)


def test_the_probe_batch_is_neither_trained_on_nor_tested_on():
    x = probe_batch(TASK, 0, 4).x
    for split in ("train", "test"):
        assert not torch.equal(x, TASK.batch(split, 0, 10**6, 4).x)
    assert torch.equal(x, probe_batch(TASK, 0, 4).x)


def test_the_sink_is_told_at_every_probe():
    probe, points = GradientFlow(sequences=4), {}
    probe.sink = points.__setitem__
    train([probe])
    assert list(points) == [0, 1, 2, 5, 10, 12]
    assert points[5]["gradient/total_after_clipping"] <= 0.0501
    assert {"gradient/h/first_step", "gate/f/mean"} <= set(points[0])


@pytest.mark.parametrize("wrong", [{"sequences": 0}, {"first": 0}, {"every": 0}])
def test_arguments_below_one_are_refused(wrong):
    with pytest.raises(ValueError, match="at least 1, not 0"):
        GradientFlow(**wrong)
