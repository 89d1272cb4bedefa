"""Numbers and words are filled into settings as OmegaConf fills them; the rest is left to it."""

import random

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from longlag.runs.fill import Settings

BASE = {
    "seed": 1,
    "seeds": {"init": "${seed}", "data": "${seed}"},
    "task": {"length": 5, "name": "a", "none": None, "list": [1, {"x": "${task.length}"}]},
    "optim": {"lr": 0.1, "betas": [0.9, 0.99]},
}
VALUES = [0, -3, True, None, 0.5, 1e300, "", "abc", "${seed}", "$", "${", "???", "a.b", "x${seed}"]
KEYS = [
    "seed",
    "task.length",
    "task.name",
    "optim.lr",
    "optim.betas",
    "task.new",
    "seeds.init",
    "new.a.b",
]


def by_omegaconf(values, changes):
    made = OmegaConf.create(values)
    for name, value in changes.items():
        OmegaConf.update(made, name, value)
    OmegaConf.resolve(made)
    return OmegaConf.to_container(made, resolve=True)


@pytest.mark.parametrize("seed", range(300))
def test_changes_are_filled_in_as_omegaconf_does(seed):
    draw = random.Random(seed)
    changes = {name: draw.choice(VALUES) for name in draw.sample(KEYS, draw.randrange(5))}
    settings = Settings.of(OmegaConf.create(BASE))
    try:
        expected = by_omegaconf(BASE, changes)
    except Exception as error:
        with pytest.raises(type(error)):
            settings.fill(changes)
    else:
        found = settings.fill(changes)
        assert found == expected and repr(found) == repr(expected)
    assert settings.values == BASE  # which other runs are made of


@pytest.mark.parametrize(
    "odd",
    [
        {"a": "x-${b}", "b": 1},
        {"a": "${oc.env:HOME}", "b": 1},
        {"a": "${b}", "b": {"c": 1}},
        {"a": "${b.c}", "b": {"c": "${d}"}, "d": 2},
        {"a": r"\${b}", "b": 1},
        {"a": "???", "b": 1},
        {"a": "${list.0}", "list": [1], "b": 1},
    ],
)
def test_what_is_more_than_a_reference_is_left_to_omegaconf(odd):
    assert Settings.of(OmegaConf.create(odd)).fill(
        {"b": 7} if odd["b"] == 1 else {}
    ) == by_omegaconf(odd, {"b": 7} if odd["b"] == 1 else {})


def test_a_reference_to_nothing_is_refused():
    with pytest.raises(OmegaConfBaseException):
        Settings.of(OmegaConf.create({"a": "${b}"})).fill({})


def test_ordinary_changes_take_the_fast_way(monkeypatch):
    monkeypatch.setattr(Settings, "fill_slowly", None)
    filled = Settings.of(OmegaConf.create(BASE)).fill(
        {"seed": 3, "task.length": 9, "optim.lr": 0.5}
    )
    assert filled["seeds"]["init"] == 3 and filled["task"]["list"][1]["x"] == 9
