"""Labels are right as whole sets: one wrong label makes the answer, and its sequence, wrong."""

import torch

from longlag.tasks import EmbeddedReber
from longlag.training.metrics import collection


def test_one_wrong_label_makes_the_set_and_the_sequence_wrong():
    metrics = collection(EmbeddedReber().spec)
    target = torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 1, 1]])
    logits = 4 * target - 2
    logits[1, 2] = 0.1  # one label too many, in the second answer of sequence 0
    metrics.update(
        preds=logits, target=target, sequence=torch.tensor([0, 0, 1]), value=torch.ones(3)
    )
    found = {name: round(float(value), 6) for name, value in metrics.compute().items()}
    assert found == {
        "sequence_accuracy": 0.5,
        "successors_first": 1.0,  # the wrong one is less active than the right ones
        "accuracy": 0.666667,
        "nll": 1.0,
    }
