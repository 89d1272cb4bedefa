"""Each cell and each task is composed once, and gives the runs that each pair alone would give."""

from pathlib import Path

import pytest

from longlag.studies import templates as module
from longlag.studies.study import Study
from longlag.studies.templates import Templates

CELLS = ["rnn", "lstm", "lstm_1997", "transformer"]
TASKS = {"adding": [], "parity": ["task.beyond=0"], "copy": ["model.layers=2"]}


def study(**more) -> Study:
    basis = {"grid": [0.01], "tuning_seeds": [9], "seeds": [0], "intended_models": True}
    return Study("s", "t", "q", CELLS, {**TASKS}, **{**basis, **more})


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    before = module.template

    def template(words, *more):
        calls.append(tuple(words))
        return before(words, *more)

    monkeypatch.setattr(module, "template", template)
    return calls


def test_a_joined_pair_is_the_pair_composed_by_itself(counted: list):
    one = Templates(study(settings=["budget=5000"], given=["trainer.clip=0.5"]))
    for cell in CELLS:
        for task in TASKS:
            joined, alone = one.of(cell, task), Templates(one.study).alone(cell, task)
            changes = {"optim.lr": 0.1, "seed": 3}
            found, expected = joined.at(changes), alone.at(changes)
            assert found == expected and found.id == expected.id


def test_each_cell_and_each_task_is_composed_once(counted: list):
    one = Templates(study())
    for cell in CELLS:
        for task in ("adding", "parity"):
            one.of(cell, task)
    assert len(counted) == len(CELLS) + 1


def test_a_task_that_reaches_into_the_cell_is_composed_with_every_cell(tmp_path: Path):
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "reaching.yaml").write_text(
        "# @package _global_\n"
        "task: {_target_: longlag.tasks.adding.Adding, length: 9}\ncell: {hidden: 7}\n"
    )
    tasks = {"adding": [], "reaching": []}
    one = Templates(Study("s", "t", "q", ["gru", "rnn"], tasks, [0.1], [9], [0]), tmp_path)
    for cell in one.study.cells:
        assert one.of(cell, "reaching").at({}).values.cell.hidden == 7
        assert "hidden" not in one.of(cell, "adding").at({}).values.cell
