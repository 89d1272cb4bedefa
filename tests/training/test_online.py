"""Training after each sequence, and the rule over the last of them that ends it."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from longlag.cells import LSTM1997
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model
from longlag.runs.instantiate import build_trainer, quiet
from longlag.tasks import Adding1997, EmbeddedReber, TemporalOrder
from longlag.training.best_checkpoint import Selection
from longlag.training.datamodule import DataModule
from longlag.training.learner import Learner
from longlag.training.online import Stream, StreamRule, online_descent

TASKS = {
    "adding": Adding1997(length=30),
    "order": TemporalOrder(length=20),
    "reber": EmbeddedReber(),
}
descent = partial(torch.optim.SGD, lr=0.5)


def learner_of(task, optimizer=descent, rule=None, clip=None) -> Learner:
    torch.manual_seed(0)
    spec, head = task.spec, partial(LogisticHead, kind=task.spec.kind)
    cell = partial(LSTM1997, truncated=True)
    model = Model(spec.input_size, spec.output_size, cell, 2, head=head).double()
    return Learner(model, spec, optimizer, clip, rule)


def fit(learner, data, callbacks=(), steps=4, every=2):
    data.block = every
    cfg = SimpleNamespace(accelerator="cpu", max_steps=steps, validate_every=every)
    with quiet():
        build_trainer(cfg, list(callbacks), None).fit(learner, data)


def data_of(task) -> DataModule:
    return DataModule(task, 0, 1, 8, 8, block=1)


class Doubles:
    """A task whose numbers are in double precision."""

    def __init__(self, task):
        self.task = task

    def batch(self, *key):
        b = self.task.batch(*key)
        real = b.target.double() if b.target.is_floating_point() else b.target
        return b._replace(x=b.x.double(), target=real, weight=b.weight.double())

    def evaluation(self, *key):
        split, seed, size, _ = key
        return iter([self.batch(split, seed, 0, size)])


@pytest.mark.parametrize("name", TASKS)
def test_the_descent_in_c_takes_the_steps_of_the_learner(name):
    task = TASKS[name]
    fast, slow = learner_of(task), learner_of(task)
    slow._descent = None
    for one in (fast, slow):
        fit(one, data_of(Doubles(task)), steps=80, every=40)
    assert fast.steps == slow.steps == 80 and fast.backends == ("compiled",)
    for ours, true in zip(fast.model.parameters(), slow.model.parameters(), strict=True):
        torch.testing.assert_close(ours, true, rtol=1e-9, atol=1e-11)
    assert [p[:3] for p in fast.curve] == [p[:3] for p in slow.curve]
    for ours, true in zip(fast.curve, slow.curve, strict=True):
        assert ours.value == pytest.approx(true.value, rel=1e-8)


def test_momentum_clipping_and_another_optimiser_are_left_to_the_learner():
    for optimizer in (partial(descent, momentum=0.9), torch.optim.Adam):
        learner = learner_of(TASKS["adding"], optimizer)
        assert online_descent(learner.model, learner.configure_optimizers(), None) is None
    learner = learner_of(TASKS["adding"])
    assert online_descent(learner.model, learner.configure_optimizers(), 1.0) is None
    assert online_descent(learner.model, learner.configure_optimizers(), None) is not None


def test_the_rule_is_met_by_the_last_sequences_alone():
    stream = Stream(StreamRule(last=3, wrong=1, tolerance=0.1, mean_error=0.08))
    found = [stream.meets(e) for e in (0.0, 0.0, 0.3, 0.0, 0.1, 0.0, 0.0, 0.1)]
    # of the last three: mean 0.1; 0.1; two wrong; 0.033; 0.033; 0.033
    assert found == [False, False, False, False, False, True, True, True]


def test_training_ends_where_the_rule_was_met_and_says_at_which_sequence():
    rule = StreamRule(last=5, wrong=0, tolerance=10.0, mean_error=None)
    learner = learner_of(TASKS["adding"], rule=rule)
    selection = Selection("mse", TASKS["adding"].spec.solved, True, None)
    fit(learner, data_of(Doubles(TASKS["adding"])), [selection], steps=200, every=100)
    assert learner.solved_at == selection.solved_at == 5 and learner.steps < 200


def test_the_usual_steps_follow_the_rule_as_those_in_c_do():
    rule = StreamRule(last=20, wrong=3, tolerance=0.6, mean_error=0.5)
    for name, task in TASKS.items():
        fast, slow = (learner_of(task, rule=rule) for _ in range(2))
        slow._descent = None
        for one in (fast, slow):
            fit(one, data_of(Doubles(task)), steps=80, every=40)
        assert fast.solved_at == slow.solved_at, name
        assert fast.stream and slow.stream
        assert list(fast.stream.errors) == pytest.approx(list(slow.stream.errors), rel=1e-8)


def test_a_batch_of_several_sequences_gives_each_its_own_largest_error():
    learner = learner_of(TASKS["order"], rule=StreamRule(2, 0, 0.3, None))
    batch = Doubles(TASKS["order"]).batch("train", 0, 0, 3)
    each = learner.loss_and_errors(batch)[1]
    alone = [
        learner.loss_and_errors(batch._replace(**{
            part: getattr(batch, part)[:, k : k + 1] for part in ("x", "target", "weight")
        }, lengths=batch.lengths[k : k + 1]))[1][0]
        for k in range(3)
    ]  # fmt: skip
    assert each == pytest.approx(alone)
