"""A record names what ran the model at the batch size that was trained."""

import pytest

from longlag.cells import LSTM
from longlag.nn.model import Model
from longlag.runs import describe


def test_the_backend_is_asked_for_at_the_batch_size_of_training(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(describe, "choose_backend", lambda cell, x: f"chosen for {tuple(x.shape)}")
    model = Model(3, 2, LSTM, 4)
    assert describe.size(model, 20)["backend"] == "chosen for (1, 20, 3)"
    assert describe.size(Model(3, 2, LSTM, 4, backend="loop"), 20)["backend"] == "loop"
