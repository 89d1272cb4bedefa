"""The output units of 1997."""

import math

import pytest
import torch

from longlag.cells import LSTM1997
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model


def test_it_predicts_numbers_by_its_outputs_and_classes_by_their_sums():
    h, x = torch.randn(5, 4), torch.randn(5, 3)
    for kind in ("regression", "classification", "multilabel"):
        head = LogisticHead(4, 3, 2, kind)
        z = head.sums(h, x)
        torch.testing.assert_close(z, h @ head.map.weight.T + head.map.bias)
        wanted = 1 / (1 + torch.exp(-z)) if kind == "regression" else z
        torch.testing.assert_close(head.prediction(z), wanted)


def test_its_loss_is_half_the_squared_error_of_all_outputs():
    z = torch.tensor([[0.0, math.log(3), -math.log(3)]])  # y = 1/2, 3/4, 1/4
    for kind, target in (("classification", [1]), ("multilabel", [[0.0, 1.0, 0.0]])):
        head = LogisticHead(4, 3, 3, kind)
        wanted = (1 / 4 + 1 / 16 + 1 / 16) / 2
        assert head.loss(head.prediction(z), torch.tensor(target)).item() == pytest.approx(wanted)


def test_a_single_output_stands_for_the_second_of_two_classes():
    head, z = LogisticHead(4, 3, 2, "classification", single=True), torch.tensor([[math.log(3)]])
    logits = head.prediction(z)
    assert head.map.out_features == 1 and logits.argmax(-1).item() == 1
    torch.testing.assert_close(logits.sigmoid(), torch.tensor([[1 / 4, 3 / 4]]))
    losses = [head.loss(logits, torch.tensor([label])).item() for label in (0, 1)]
    assert losses == pytest.approx([9 / 32, 1 / 32])
    with pytest.raises(ValueError, match="two classes, not for 3 of classification"):
        LogisticHead(4, 3, 3, "classification", single=True)


def test_with_a_shortcut_the_outputs_see_the_input():
    torch.manual_seed(0)
    make = lambda *sizes: LogisticHead(*sizes, kind="regression", shortcut=True)  # noqa: E731
    model, x = Model(3, 1, LSTM1997, 2, head=make), torch.randn(6, 2, 3)
    y = model(x).prediction
    at = torch.tensor([0, 5, 11])
    assert model.head.map.in_features == 4 + 3
    torch.testing.assert_close(model(x, at=at).prediction, y.flatten(0, 1)[at])
    cell = model.cells[0]
    torch.nn.init.zeros_(model.head.map.weight[:, :4])
    weight, bias = model.head.map.weight[:, 4:], model.head.map.bias
    torch.testing.assert_close(model(x).prediction, torch.sigmoid(x @ weight.T + bias))
    assert cell.output_size == 4
