"""What a training step, a validation and a selection do."""

from typing import Any

import lightning
import pytest
import torch
from torch import Generator

from longlag.cells import LSTM, Cell, Elman
from longlag.nn.losses import per_step_loss
from longlag.nn.model import Model
from longlag.runs.instantiate import quiet
from longlag.tasks import Adding, Batch, Spec
from longlag.training.best_checkpoint import Selection
from longlag.training.datamodule import AHEAD, DataModule
from longlag.training.learner import Learner, pick, positions
from longlag.training.metrics import collection


def learner_of(
    kind: Any = "regression", D=1, metrics=("mse",), lr=1e-2, cell: type[Cell] = LSTM
) -> Learner:
    torch.manual_seed(0)
    spec = Spec(kind, 2, D, metrics, ())
    return Learner(Model(2, D, cell, 5), spec, lambda p: torch.optim.SGD(p, lr=lr))


def fit(learner, data, callbacks=(), steps=4, every=2):
    data.block = every
    with quiet():
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=1,
            limit_train_batches=steps // every,
            val_check_interval=1,
            num_sanity_val_steps=0,
            callbacks=list(callbacks),
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(learner, data)
        return trainer


def batch_of(target: torch.Tensor, weight: torch.Tensor, **more) -> Batch:
    x = torch.randn(*weight.shape, 2, generator=Generator().manual_seed(3))
    return Batch(x, target, weight, **more)


KINDS = {
    "classification": (3, torch.randint(0, 3, (6, 4), generator=Generator().manual_seed(1))),
    "regression": (2, torch.randn(6, 4, 2, generator=Generator().manual_seed(1))),
    "multilabel": (3, torch.randint(0, 2, (6, 4, 3), generator=Generator().manual_seed(1)).float()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_weighted_mean_over_the_steps_that_are_asked(kind):
    D, target = KINDS[kind]
    weight = torch.zeros(6, 4)
    weight[2, 1], weight[5, 0] = 1.0, 3.0
    learner = learner_of(kind, D, ())
    loss = learner.loss(batch_of(target, weight))
    y = learner.model(batch_of(target, weight).x).prediction
    one = per_step_loss(kind, y[2, 1][None], target[2, 1][None])
    three = per_step_loss(kind, y[5, 0][None], target[5, 0][None])
    torch.testing.assert_close(loss, (one + 3 * three)[0] / 4)


def test_each_kind_of_loss_matches_its_formula():
    logits = torch.tensor([[1.0, -2.0, 0.5]])
    p = torch.softmax(logits[0], 0)
    torch.testing.assert_close(
        per_step_loss("classification", logits, torch.tensor([1])), -p[1].log()[None]
    )
    wanted = torch.tensor([[1.0, 0.0, 1.0]])
    torch.testing.assert_close(
        per_step_loss("regression", logits, wanted), torch.tensor([(0 + 4 + 0.25) / 3])
    )
    q = torch.sigmoid(logits)
    nll = -(wanted * q.log() + (1 - wanted) * (1 - q).log()).sum(-1)
    torch.testing.assert_close(per_step_loss("multilabel", logits, wanted), nll)


def test_metrics_look_at_the_scored_steps_alone():
    scored = torch.zeros(6, 4, dtype=torch.bool)
    scored[5] = True
    learner = learner_of("classification", 3, ("accuracy", "sequence_accuracy"))
    target = KINDS["classification"][1]
    batch = batch_of(target, torch.ones(6, 4), scored=scored)
    learner.validation_step(batch, 0)
    right = learner.model(batch.x).prediction[5].argmax(-1) == target[5]
    found = learner.collect()
    assert found["accuracy"] == pytest.approx(right.float().mean().item())
    assert found["sequence_accuracy"] == found["accuracy"]  # one scored step each


def test_a_sequence_is_right_only_when_each_of_its_steps_is():
    metrics = collection(Spec("classification", 1, 2, ("accuracy", "sequence_accuracy"), ()))
    preds = torch.eye(2)[torch.tensor([0, 0, 1, 1, 0, 0])]
    target = torch.tensor([0, 0, 1, 0, 0, 1])
    metrics.update(
        preds=preds,
        target=target,
        sequence=torch.tensor([7, 7, 7, 2, 2, 0]),
        value=torch.zeros(6),
    )
    found = metrics.compute()
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["sequence_accuracy"] == pytest.approx(1 / 3)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="'luck' is not one of accuracy"):
        collection(Spec("regression", 1, 1, ("luck",), ()))


def test_a_loss_that_is_not_finite_ends_the_training_as_diverged():
    learner = learner_of(lr=1e30, cell=Elman)
    fit(learner, DataModule(Adding(length=8), 0, 4, 8, 8, 1), steps=50, every=50)
    assert learner.diverged_at == learner.steps < 50
    assert len(learner.losses) == 0 and learner.curve[-1].step == learner.steps  # still validated


def test_the_best_weights_on_validation_are_kept_and_the_curve_says_when():
    learner = learner_of(lr=0.5)
    selection = Selection("mse", None, stop_when_solved=True, patience=None)
    data = DataModule(Adding(length=8), 0, 4, 64, 8, 1)
    fit(learner, data, [selection], steps=20, every=2)
    seen = {p.step: p.value for p in learner.curve if (p.split, p.metric) == ("validation", "mse")}
    assert seen[selection.best_step] == min(seen.values())
    selection.restore(learner.model)
    learner.eval()
    for batch in data.val_dataloader():
        learner.validation_step(batch, 0)
    assert learner.collect()["mse"] == pytest.approx(min(seen.values()))


def test_training_stops_when_solved_and_not_before():
    task = Adding(length=8)
    solved = task.spec.solved
    assert solved is not None
    easy, hard = solved._replace(threshold=1e9), solved._replace(threshold=0.0)
    for rule, steps in ((easy, 2), (hard, 8)):
        learner = learner_of()
        selection = Selection("mse", rule, stop_when_solved=True, patience=None)
        fit(learner, DataModule(task, 0, 4, 8, 8, 1), [selection], steps=8)
        assert learner.steps == steps
        assert selection.solved_at == (2 if rule is easy else None)


def test_patience_ends_a_training_that_no_longer_improves():
    learner = learner_of(lr=0.0)
    selection = Selection("mse", None, stop_when_solved=True, patience=2)
    fit(learner, DataModule(Adding(length=8), 0, 4, 8, 8, 1), [selection], steps=40)
    assert selection.ran_out
    assert learner.steps == 6  # the first is the best, two more are not better


def test_test_data_is_not_touched_before_the_end(monkeypatch):
    drawn = []
    original = Adding.generator

    def spy(self, split, *key):
        drawn.append(split)
        return original(self, split, *key)

    monkeypatch.setattr(Adding, "generator", spy)
    learner = learner_of()
    trainer = fit(learner, data := DataModule(Adding(length=8), 0, 4, 8, 8, 1))
    assert "test" not in drawn
    with quiet():
        trainer.test(learner, data, verbose=False)
    assert "test" in drawn


def test_a_training_step_sees_batch_k_whatever_the_model_drew():
    blocks = iter(DataModule(Adding(length=8), 5, 4, 8, 8, 1).train_dataloader())
    (first,), (second,) = next(blocks), next(blocks)
    torch.manual_seed(9)
    torch.rand(100)
    torch.testing.assert_close(second.x, Adding(length=8).batch("train", 5, 1, 4).x)
    assert not torch.equal(first.x, second.x)


def test_positions_and_pick_agree_with_indexing():
    weight = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    at = positions(weight)
    assert at.tolist() == [1, 2]
    assert pick(torch.tensor([[[1], [2]], [[3], [4]]]), at).tolist() == [[2], [3]]


def test_the_training_stream_is_every_batch_of_the_task_in_order():
    task, block = Adding(length=5), 3
    blocks = iter(DataModule(task, 3, 2, 4, 4, block).train_dataloader())
    for first in range(0, 2 * AHEAD + 1, block):
        drawn = list(next(blocks))
        assert len(drawn) == block
        for k, batch in enumerate(drawn, first):
            assert torch.equal(batch.x, task.batch("train", 3, k, 2).x)


def test_a_block_of_steps_is_the_same_steps_one_by_one():
    weights, curves = [], []
    for every in (1, 6):
        learner, step = learner_of(lr=0.5), Selection("mse", None, True, None)
        fit(learner, DataModule(Adding(length=8), 0, 4, 8, 8, 1), [step], steps=6, every=every)
        weights.append(torch.nn.utils.parameters_to_vector(learner.parameters()))
        curves.append([p for p in learner.curve if (p.step, p.split) == (6, "validation")])
    assert torch.equal(*weights) and curves[0] == curves[1]


def test_a_watcher_sees_the_gradient_before_and_after_it_is_clipped():
    norms, steps = [], []

    class Watcher:
        def before_step(self, step, learner):
            norms.append(float(torch.nn.utils.get_total_norm(self.gradients(learner))))

        def after_step(self, step, learner):
            norms.append(float(torch.nn.utils.get_total_norm(self.gradients(learner))))
            steps.append((step, learner.steps))

        def gradients(self, learner):
            return [p.grad for p in learner.parameters()]

    learner = learner_of()
    learner.clip = 1e-3
    learner.watchers.append(Watcher())
    fit(learner, DataModule(Adding(length=8), 0, 4, 8, 8, 1))
    assert steps == [(k, k) for k in (1, 2, 3, 4)]
    assert all(before > 1e-3 for before in norms[::2])
    assert norms[1::2] == pytest.approx([1e-3] * 4, rel=1e-3)
