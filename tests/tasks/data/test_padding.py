"""Padding is never seen: a sequence has the same answers alone and beside longer ones."""

import pytest
import torch

from longlag.cells import GRU
from longlag.nn.model import Model
from longlag.tasks import UCR, Chorales, JapaneseVowels
from longlag.tasks.data.base import FixedDataset

PACKAGES = {
    JapaneseVowels(): "aeon",
    UCR(dataset="PickupGestureWiimoteZ"): "aeon",
    Chorales(): "music21",
}


@pytest.mark.parametrize("task", PACKAGES, ids=lambda task: task.name)
def test_a_sequence_has_the_same_answers_alone_and_beside_longer_ones(task: FixedDataset):
    pytest.importorskip(PACKAGES[task])
    together = next(task.evaluation("validation", 0, 6, 6))
    assert together.lengths is not None
    torch.manual_seed(0)
    model = Model(task.spec.input_size, task.spec.output_size, GRU, hidden_size=7).double()
    with torch.no_grad():
        said = model(together.x.double(), together.lengths).prediction
        noise = torch.arange(len(together.x))[:, None] >= together.lengths
        changed = together.x.double() + 9 * noise[..., None]
        assert torch.equal(model(changed, together.lengths).prediction[~noise], said[~noise])
        for b, alone in enumerate(task.evaluation("validation", 0, 6, 1)):
            n = int(together.lengths[b])
            assert alone.lengths is None and len(alone.x) == n
            asked = alone.weight[:, 0] > 0
            assert torch.equal(together.weight[:n, b] > 0, asked)
            assert not together.weight[n:, b].any()
            assert torch.equal(together.target[:n, b][asked], alone.target[:, 0][asked])
            torch.testing.assert_close(said[:n, b], model(alone.x.double()).prediction[:, 0])
