"""The metrics that tasks name, each a torchmetrics Metric fed with the scored steps alone."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanMetric, MeanSquaredError, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.regression import NormalizedRootMeanSquaredError

from longlag.nn.losses import Kind, per_step_loss
from longlag.tasks.base import Batch, Spec, Task


class Share(Metric):
    """The share of answers, or of sequences, that are right: the mean of zeros and ones."""

    higher_is_better = True
    full_state_update = False
    right: Tensor
    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")

    def count(self, right: Tensor) -> None:
        """Count booleans (N,)."""
        self.right += right.sum()
        self.total += right.numel()

    def compute(self) -> Tensor:
        """Return the share so far."""
        return self.right / self.total


class Within(Share):
    """The share of answers of which each output is less than `tolerance` away from its target.

    The outputs are numbers; or probabilities, of which that of the right class, or label, is to
    be 1 and every other one 0.
    """

    def __init__(self, kind: Kind, tolerance: float, logistic: bool = False) -> None:
        super().__init__()
        self.kind, self.tolerance, self.logistic = kind, tolerance, logistic

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Count answers: numbers or logits (N,D); numbers or labels (N,D), or classes (N,)."""
        if self.kind == "classification":
            target = F.one_hot(target, preds.shape[-1])
            preds = preds.sigmoid() if self.logistic else preds.softmax(-1)
        elif self.kind == "multilabel":
            preds = preds.sigmoid()
        self.count(((preds - target).abs() < self.tolerance).all(-1))


def correct(preds: Tensor, target: Tensor) -> Tensor:
    """Tell which answers are right (N,): the class (N,), or every one of the labels (N,D)."""
    if target.ndim == 1:
        return preds.argmax(-1) == target
    return ((preds > 0) == (target > 0.5)).all(-1)


class SetAccuracy(Share):
    """The share of answers with every label right."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Count logits and labels 0 or 1 (N,D)."""
        self.count(correct(preds, target))


class SequenceAccuracy(Share):
    """The share of sequences with every scored step right."""

    def update(self, preds: Tensor, target: Tensor, sequence: Tensor) -> None:
        """Count logits (N,D), classes (N,) or labels (N,D), and the sequence (N,) of each."""
        wrong = ~self.right_steps(preds, target)
        ids, index = sequence.unique(return_inverse=True)
        errors = torch.zeros(len(ids), device=preds.device).index_add_(0, index, wrong.float())
        self.count(errors == 0)

    def right_steps(self, preds: Tensor, target: Tensor) -> Tensor:
        """Tell which steps are right (N,)."""
        return correct(preds, target)


class SuccessorsFirst(SequenceAccuracy):
    """The share of sequences at every scored step of which the labels that are 1 come first.

    That is: each output whose label is 1 is more active than every output whose label is 0.
    """

    def right_steps(self, preds: Tensor, target: Tensor) -> Tensor:
        """Tell which steps have the possible successors as the most active outputs (N,)."""
        possible, inf = target > 0.5, float("inf")
        least = preds.masked_fill(~possible, inf).amin(-1)
        return least > preds.masked_fill(possible, -inf).amax(-1)


def score(spec: Spec, answered: Iterable[tuple[Batch, Tensor]]) -> dict[str, float]:
    """Score numbers or logits (T,B,D) for whole batches, as a run scores those of its model."""
    metrics, mean_loss, before = collection(spec), MeanMetric(), 0
    for batch, prediction in answered:
        asked = batch.weight > 0
        given, target = prediction[asked], batch.target[asked]
        loss = per_step_loss(spec.kind, given, target)
        mean_loss.update(loss, batch.weight[asked])
        seen = (asked if batch.scored is None else batch.scored)[asked]
        sequence = before + torch.arange(asked.shape[1]).expand_as(asked)[asked]
        metrics.update(
            preds=given[seen], target=target[seen], sequence=sequence[seen], value=loss[seen]
        )
        before += asked.shape[1]
    values = {**metrics.compute(), "loss": mean_loss.compute()}
    return {name: float(value) for name, value in values.items()}


def measured_floor(task: Task, batches: Iterable[Batch]) -> float | None:
    """Score the first floor's answer on these batches; None if it is unknown."""
    answered = [(batch, task.trivial_answer(batch)) for batch in batches]
    known = [(batch, answer) for batch, answer in answered if answer is not None]
    return score(task.spec, known)[task.spec.metrics[0]] if known else None


def collection(spec: Spec, logistic: bool = False) -> MetricCollection:
    """Collect the metrics of a task; `update` takes preds, target, sequence and value (loss).

    Args:
        spec: of the task.
        logistic: whether each class has a logistic output of its own, rather than a share.

    Raises:
        ValueError: a metric that longlag does not know.
    """
    make: dict[str, Any] = {
        "accuracy": lambda: (
            SetAccuracy()
            if spec.kind == "multilabel"
            else MulticlassAccuracy(spec.output_size, average="micro", validate_args=False)
        ),
        "sequence_accuracy": SequenceAccuracy,
        "successors_first": SuccessorsFirst,
        "mse": MeanSquaredError,
        "nrmse": lambda: NormalizedRootMeanSquaredError(normalization="std"),
        "within": lambda: Within(spec.kind, spec.tolerance, logistic),
        "nll": lambda: MeanMetric(nan_strategy="disable"),
    }
    unknown = [name for name in spec.metrics if name not in make]
    if unknown:
        raise ValueError(f"metrics: {unknown[0]!r} is not one of {', '.join(make)}")
    return MetricCollection({name: make[name]() for name in spec.metrics}, compute_groups=False)
