"""Dropout stands between layers, in training, and its masks follow from the seed."""

import copy
import pickle

import pytest
import torch

from some_models import KINDS, inputs, model_of


@pytest.mark.parametrize("kind", ["stack", "residual", "bidirectional", "block", "block_mlp"])
def test_the_masks_of_dropout_follow_from_the_seed_of_the_weights_alone(kind: str):
    x, found = inputs(), []
    for noise in (0, 7):
        model = model_of(dropout=0.5, **KINDS[kind])
        torch.rand(noise)  # another module's draws
        state = torch.get_rng_state()
        found.append(torch.stack([model(x).prediction, model(x).prediction]))
        assert torch.get_rng_state().equal(state)
    assert found[0].equal(found[1]) and not found[0][0].equal(found[0][1])


def test_dropout_goes_on_from_where_a_copy_or_a_state_dict_was_taken():
    model, x = model_of(dropout=0.5, **KINDS["stack"]), inputs()
    model(x)
    kept, twin = copy.deepcopy(model.state_dict()), pickle.loads(pickle.dumps(model))
    y = model(x).prediction
    model.load_state_dict(kept)
    assert model(x).prediction.equal(y) and twin(x).prediction.equal(y)
    bare = {name: value for name, value in kept.items() if "extra" not in name}
    model.load_state_dict(bare)  # weights alone are enough


def test_dropout_does_not_move_the_weights_that_a_seed_gives():
    dry, wet = (dict(model_of(dropout=p, layers=2).named_parameters()) for p in (0.0, 0.5))
    assert all(map(torch.equal, dry.values(), wet.values()))


def test_dropout_is_between_layers_alone_and_in_training_alone():
    x = inputs()
    for layers in (1, 2):
        model = model_of(layers=layers, dropout=0.5)
        one, two = model(x).prediction, model(x).prediction
        assert one.equal(two) == (layers == 1)
        assert model.eval()(x).prediction.equal(model_of(layers=layers)(x).prediction)
