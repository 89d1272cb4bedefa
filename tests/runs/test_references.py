"""Runs of networks without a recurrence are recorded, and refused what they cannot do."""

import re
from pathlib import Path

import pytest
import torch

from longlag.cli.main import main
from longlag.nn.model import Model
from longlag.nn.references import TCN, Transformer
from longlag.records.reader import read_run
from longlag.runs.config import resolve
from longlag.runs.forecast import run_free
from longlag.runs.restore import restore_run
from tiny import TINY

KINDS = {"transformer": Transformer, "tcn": TCN}


def trained(place: Path, *words: str) -> Path:
    assert main(["train", *TINY, *words, "logger=none", f"results={place}"]) == 0
    (record,) = place.glob("*/*/record.json")
    return record.parent


@pytest.mark.parametrize("name", KINDS)
def test_a_run_of_a_reference_is_recorded_and_answered_for(name, tmp_path, capsys):
    folder = trained(tmp_path, f"cell={name}")
    run = read_run(folder)
    network, kind = run.record.model, KINDS[name]
    assert (network.state_size, network.cells, network.hidden_size) == (0, 0, 4)
    assert network.backends == ("reference",) and run.record.versions["cell"] == kind.version
    assert any(place.startswith("longlag.nn.references.") for place in run.record.code)
    assert "parameter/before" in run.probe and run.probe["steps"][-1] == 20
    assert not [key for key in run.probe if re.match(r"(chosen/)?(profile|gate|total)/", key)]
    assert isinstance(restore_run(folder).model.layers[0], kind)
    capsys.readouterr()
    assert main(["extrapolate", str(folder), "lengths=6,12"]) == 0
    assert "12" in capsys.readouterr().out
    for words in (["probe", str(folder)], ["probe", "study=single", f"results={tmp_path}"]):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "recurrence" in said


def test_a_probed_study_passes_over_what_has_no_recurrence(tmp_path, capsys):
    place = trained(tmp_path, "cell=tcn").parent
    assert main(["train", *TINY, "cell=rnn", "logger=none", f"results={tmp_path}"]) == 0
    assert main(["probe", "study=single", f"results={tmp_path}"]) == 0
    assert "1/1  RNN on adding" in capsys.readouterr().out
    assert [path.parent.name[:4] for path in place.glob("*/laboratory.npz")] == ["rnn-"]


def test_a_reference_forecasts_a_series_and_runs_free(tmp_path, capsys):
    settings = [word for word in TINY if not word.startswith("task")]
    words = ["task=sine", "task.length=20", "cell=transformer", "logger=none"]
    assert main(["train", *settings, *words, f"results={tmp_path}"]) == 0
    (record,) = tmp_path.glob("*/*/record.json")
    assert main(["forecast", str(record.parent)]) == 0
    assert "running free" in capsys.readouterr().out


def test_an_answer_that_runs_free_is_that_of_all_inputs_and_answers_before_it():
    model, x = Model(1, 1, TCN, 6).double(), torch.randn(9, 3, 1, dtype=torch.double)
    with torch.no_grad():
        free, history = run_free(model, x, 4), x
        for answer in free:
            want = model(history).prediction[-1]
            torch.testing.assert_close(answer, want, rtol=1e-9, atol=1e-12)
            history = torch.cat([history, answer[None]])


@pytest.mark.parametrize("name", KINDS)
def test_the_version_of_a_reference_is_in_the_id_of_its_runs(name, monkeypatch):
    words = (f"cell={name}", *TINY)
    before = resolve(words).id
    monkeypatch.setattr(KINDS[name], "version", 2, raising=False)
    assert resolve(words).id != before
