"""An old number never stands for new code: versions and sources are part of a run's id."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from longlag.cells import LSTM
from longlag.errors import LonglagError
from longlag.runs.config import resolve
from longlag.runs.identity import code_of
from longlag.runs.instantiate import build
from longlag.tasks import Adding

CELL = """
from longlag.cells import Elman
import shapes

class Mine(Elman):
    def readout(self, s, u):
        return shapes.first(s)
"""

SERIES = """
from dataclasses import dataclass
import numpy as np
from longlag.tasks.data.series import Series

@dataclass(frozen=True, kw_only=True)
class Mine(Series):
    file: str
    length: int = 12
    name = "mine"
    source = package = licence = "ours"

    def read(self):
        return {"x": np.loadtxt(self.file)}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a cell of one's own, its helper beside it, and its yaml."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cell").mkdir()
    yaml = "_target_: my_own_cells.Mine\n_partial_: true\nnonlinearity: tanh\n"
    (tmp_path / "cell" / "mine.yaml").write_text(yaml)
    (tmp_path / "my_own_cells.py").write_text(CELL)
    (tmp_path / "shapes.py").write_text("def first(s):\n    return s[0]\n")
    (tmp_path / "bystander.py").write_text("")
    for name in ("my_own_cells", "shapes"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def identity(folder: Path) -> str:
    return resolve(["cell=mine"], folder).id


@pytest.mark.parametrize("name", ["my_own_cells.py", "shapes.py"])
def test_an_edit_of_ones_own_cell_or_of_what_it_imports_is_another_run(folder: Path, name: str):
    before = identity(folder)
    (folder / name).write_text((folder / name).read_text() + "# edited\n")
    assert identity(folder) != before


def test_an_edit_of_another_file_of_the_folder_is_not(folder: Path):
    before = identity(folder)
    (folder / "bystander.py").write_text("x = 1\n")
    os.utime(folder / "my_own_cells.py")
    assert identity(folder) == before


def test_another_content_of_a_file_that_a_task_reads_is_another_run_with_its_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path / "cache"))
    (tmp_path / "my_own_series.py").write_text(SERIES)
    file = tmp_path / "values.csv"
    settings = ["+task.file=" + str(file), "task._target_=my_own_series.Mine"]
    settings += ["task.length=12"]
    found = []
    for frequency in (1.0, 2.0):
        np.savetxt(file, np.sin(frequency * np.arange(200)))
        config = resolve(settings)
        x = build(config.values.task).batch("train", 0, 0, 1).x
        found.append((config.id, x))
    (before, one), (after, two) = found
    assert before != after and not one.equal(two)
    text = [resolve(["task=text", f"task.path={tmp_path / name}"]) for name in ("a.txt", "b.txt")]
    (tmp_path / "a.txt").write_text("one")
    there = text[0].id
    (tmp_path / "a.txt").write_text("two")
    assert text[0].id != there and text[1].id == text[1].id


@pytest.mark.parametrize("made", [Adding, LSTM])
def test_another_version_of_the_task_or_of_the_cell_is_another_run(made, monkeypatch):
    wrapped, plain = resolve(["cell=lstm_zoneout"]), resolve(["cell=lstm"])
    before = wrapped.id, plain.id
    monkeypatch.setattr(made, "version", 77, raising=False)
    assert wrapped.id != before[0], "the wrapped cell counts too"
    assert plain.id != before[1]


def test_a_version_of_what_is_not_built_does_not_matter(monkeypatch):
    before = resolve(["cell=gru"]).id
    monkeypatch.setattr(LSTM, "version", 77, raising=False)
    assert resolve(["cell=gru"]).id == before


def test_torch_is_left_to_the_record():
    assert not [name for name in code_of(resolve([]).scientific) if name.startswith("torch")]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module.Cell", "no module no_such_module"),
        ("longlag.cells.Nothing", "Nothing"),
        ("torch.optim.Nothing", "Nothing"),
        ("Cell", "cannot be imported"),
    ],
)
def test_a_target_that_is_not_there_is_named_in_one_line(target: str, said: str):
    with pytest.raises(LonglagError, match=said) as error:
        code_of({"cell": {"inner": [{"_target_": target}]}})
    assert target in str(error.value) and "\n" not in str(error.value)
