"""Two hundred broken settings, drawn from the settings there are: one line each, and nothing left.

Drawn by a seeded generator and not by a library for property tests: every case is one override, so
there is nothing to shrink, and the same two hundred are tried on every machine.
"""

import functools
import random
from collections.abc import Iterator

import pytest
from omegaconf import OmegaConf

from longlag.cli import main
from longlag.runs.config import keys, resolve

CASES = 200
GROUPS = ("cell", "task", "model", "optim", "trainer", "probe", "logger", "executor", "study")
CHOSEN = (  # every kind of class that a setting goes to
    (),
    ("cell=gru", "task=copy", "optim=sgd", "logger=csv"),
    ("cell=lstm_zoneout", "task=mackey_glass", "optim=rmsprop", "probe=dense"),
    ("cell=lru", "task=reber", "model=block", "logger=none"),
    ("cell=rnn", "task=parity", "model=bidirectional"),
)
FREE = {"notes", "name", "project", "group", "entity", "results", "_target_", "_partial_", "tags"}
WRONG = {  # by the type of the value that is there
    bool: ("maybe", "2", "-1", "null", "[true]", "1.5", "nan"),
    int: ("abc", "1.5", "-1", "nan", "inf", "true", "[1,2]", "{a:1}", "-9999999999999", "''"),
    float: ("abc", "nan", "inf", "-inf", "true", "[0.1]", "{a:1}", "-1.0", "''"),
    str: ("nosuchthing", "7", "[a]", "true", "{a:1}", "''"),
}


@functools.cache
def typed(chosen: tuple[str, ...]) -> dict[str, type]:
    """Every setting that there is with these choices, and the type of its value."""
    values = resolve(chosen).values
    found = {key: type(OmegaConf.select(values, key)) for key in keys(values)}
    return {k: kind for k, kind in found.items() if kind in WRONG and k.split(".")[-1] not in FREE}


def broken(rng: random.Random) -> tuple[str, ...]:
    """A choice of groups, and one thing in it that is wrong."""
    chosen = rng.choice(CHOSEN)
    types = typed(chosen)
    key = rng.choice(list(types))
    kind = rng.random()
    if kind < 0.7:
        return *chosen, f"{key}={rng.choice(WRONG[types[key]])}"
    if kind < 0.8:  # an unknown key
        return *chosen, f"{rng.choice(('', '+', '++'))}{key}x=1"
    if kind < 0.9:  # an unknown choice
        return *chosen, f"{rng.choice(GROUPS)}={rng.choice(('nosuch', 'x' * 300, '../lstm', '7'))}"
    return *chosen, rng.choice(CONTRADICTIONS)


CONTRADICTIONS = (
    "trainer.max_steps=55",
    "match=none",
    "model.hidden_size=7",
    "~cell",
    "~trainer.clip",
    "seed",
    "=3",
    "trainer=7",
    "cell=[lstm,gru]",
    "results=/dev/null/here",
    "results=/proc/none",
    f"results={'x' * 300}",
    "hydra.run.dir=elsewhere",
    "seed=${nothing}",
    "seed=${oc.env:NO_SUCH_VARIABLE}",
    "cell._target_=os.system",
    "task._target_=nowhere.Nothing",
    "optim._target_=torch.optim.Nothing",
)


def cases() -> Iterator[tuple[str, ...]]:
    rng, seen = random.Random(0), set()
    while len(seen) < CASES:
        words = broken(rng)
        if words not in seen:
            seen.add(words)
            yield words


def test_two_hundred_broken_settings_end_in_one_line_each_and_leave_nothing(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("longlag.runs.run.execute", lambda *_: pytest.fail(f"{words} was run"))
    wrong = []
    for words in cases():
        capsys.readouterr()
        status = main(["train", *words])
        err = capsys.readouterr().err.strip()
        name = words[-1].lstrip("+~").partition("=")[0].rsplit(".", 1)[-1]
        good = status == 2 and err.startswith("longlag: error: ") and "\n" not in err
        good = good and "Traceback" not in err and "--debug" not in err and name in err
        good = good and len(err) < 1500
        if not good:
            wrong.append(f"{' '.join(words)[:200]}: {status}: {err[:300]}")
    assert not list(tmp_path.iterdir())
    assert not wrong, "\n".join(wrong)
