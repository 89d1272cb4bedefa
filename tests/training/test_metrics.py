"""The metrics that published criteria are made of."""

import pytest
import torch

from longlag.tasks import EmbeddedReber, TemporalOrder
from longlag.training.metrics import collection


@pytest.mark.parametrize(("right", "share"), [(0.71, 1.0), (0.69, 0.0)])
def test_every_output_of_a_class_must_lie_within_0_3_of_its_target(right: float, share: float):
    """The likeliest class may be right and an output still too far off."""
    probability = torch.tensor([[right, 1 - right - 0.002, 0.001, 0.001]])
    metrics = collection(TemporalOrder().spec)
    metrics.update(preds=probability.log(), target=torch.tensor([0]))
    found = {name: float(value) for name, value in metrics.compute().items()}
    assert found == {"accuracy": 1.0, "within": share}


def test_possible_successors_must_be_the_most_active_outputs_at_every_step():
    """A label on the right side of 1/2 is asked for by the stricter sequence accuracy alone."""
    metrics = collection(EmbeddedReber().spec)
    target = torch.tensor([[1.0, 1, 0], [0, 1, 0], [0, 1, 0]])
    logits = torch.tensor([[2.0, -0.5, -1.0], [-3, -2, -4], [0.2, 0.1, -1]])
    sequence = torch.tensor([0, 0, 1])
    metrics.update(preds=logits, target=target, sequence=sequence, value=torch.ones(3))
    found = {name: float(value) for name, value in metrics.compute().items()}
    assert found["successors_first"] == 0.5 and found["sequence_accuracy"] == 0.0
