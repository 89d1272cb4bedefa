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


LONG = "x" * 300
STUDY = ("bench", "study=smoke")
OF_STUDIES = [  # commands that carry studies, or read what they left
    *((*STUDY, f"study.tasks={value}") for value in (
        "{adding: [task.length=10.5]}", "{nosuch: []}", "[adding]", "3", "{adding: 3}", "null",
        "{adding: [7]}", "{adding: [[]]}", "{adding: {a: 1}}", "{adding: [task.nosuch=3]}",
    )),
    *((*STUDY, f"study.{key}={value}") for key in ("cells", "settings", "seeds", "grid", "ladders")
      for value in ("abc", "3", "[nan]", "[-1]", "[[1]]", "[true]", "{a: 1}", "null")),
    *((*STUDY, f"study.{key}={value}") for key in ("title", "question")
      for value in ("3", "null", "[a]", "{a: 1}", "true")),
    *((*STUDY, f"{key}={value}") for key in (
        "budget_hours", "checkpoint.seconds", "checkpoint.steps", "executor.workers",
    ) for value in ("abc", "nan", "-1", "0", "[1]", "''")),
    *(("bench", f"{key}={value}") for key in ("study", "claim")
      for value in ("nosuch", LONG, "../smoke", "7", "[a]")),
    *((*STUDY, word) for word in (
        "study.nosuch=1", "task.length=10.5", "seed=3", "optim.lr=1", "cell=nosuch", "task=nosuch",
        "executor=nosuch", "executor.nosuch=1", "executor._target_=os.system", "checkpoint=5",
        f"results={LONG}", "results=/dev/null",
    )),
    *((command, word, "results=none") for command in ("probe", "forecast", "extrapolate", "verify")
      for word in ("nosuch", LONG, "/dev/null", "study=nosuch", f"study={LONG}", "..")),
    *(("place", "cell=lstm", word) for word in (
        "tasks=nosuch", "budget_minutes=nan", "seed=3", "executor=nosuch", "threads=0",
        f"results={LONG}",
    )),
    ("place",), ("place", "cell=nosuch"), ("place", f"cell={LONG}"), ("compare", "a"),
    ("compare", "nosuch", LONG), ("report", f"results={LONG}"), ("report", "cell=nosuch"),
    ("train", f"results={LONG}", "--dry-run"), ("train", "cell=lstm,rnn", "task.length=10.5"),
    ("show", "task.length=10.5"), ("extrapolate", "x", "lengths=10.5"), ("probe", "x", "retrain=7"),
    ("verify", "x", "tolerance=nan"),
]  # fmt: skip


def test_no_wrong_word_of_a_command_for_studies_costs_more_than_one_line(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("longlag.cli.carry.carry", lambda *_: pytest.fail(f"{words} was run"))
    wrong = []
    for words in OF_STUDIES:
        capsys.readouterr()
        status = main(list(words))
        err = capsys.readouterr().err.strip()
        good = status == 2 and err.startswith("longlag: error: ") and "\n" not in err
        if not good or "--debug" in err or len(err) > 1500:
            wrong.append(f"{' '.join(words)[:100]}: {status}: {err[:200]}")
    assert not wrong, "\n".join(wrong)
    assert not list(tmp_path.iterdir())


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
