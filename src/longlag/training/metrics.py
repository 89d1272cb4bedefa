"""The metrics that tasks name, each a torchmetrics Metric fed with the scored steps alone."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import MeanMetric, MeanSquaredError, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.regression import NormalizedRootMeanSquaredError

from longlag.tasks.base import Spec

TOLERANCE = 0.04  # Hochreiter & Schmidhuber 1997, experiments 4 and 5: an answer this near is right


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
        """The share so far."""
        return self.right / self.total


class Within(Share):
    """The share of answers less than 0.04 away from the target in every component."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Numbers (N,D)."""
        self.count(((preds - target).abs() < TOLERANCE).all(-1))


def correct(preds: Tensor, target: Tensor) -> Tensor:
    """Which answers are right (N,): the class (N,), or every one of the labels (N,D)."""
    if target.ndim == 1:
        return preds.argmax(-1) == target
    return ((preds > 0) == (target > 0.5)).all(-1)


class SetAccuracy(Share):
    """The share of answers with every label right."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Logits and labels 0 or 1 (N,D)."""
        self.count(correct(preds, target))


class SequenceAccuracy(Share):
    """The share of sequences with every scored step right."""

    def update(self, preds: Tensor, target: Tensor, sequence: Tensor) -> None:
        """Logits (N,D), classes (N,) or labels (N,D), and the sequence (N,) of each."""
        wrong = ~correct(preds, target)
        ids, index = sequence.unique(return_inverse=True)
        errors = torch.zeros(len(ids), device=preds.device).index_add_(0, index, wrong.float())
        self.count(errors == 0)


def collection(spec: Spec) -> MetricCollection:
    """The metrics of a task; `update` takes preds, target, sequence and value (loss per step).

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
        "mse": MeanSquaredError,
        "nrmse": lambda: NormalizedRootMeanSquaredError(normalization="std"),
        "within": Within,
        "nll": MeanMetric,
    }
    unknown = [name for name in spec.metrics if name not in make]
    if unknown:
        raise ValueError(f"metrics: {unknown[0]!r} is not one of {', '.join(make)}")
    return MetricCollection({name: make[name]() for name in spec.metrics}, compute_groups=False)
