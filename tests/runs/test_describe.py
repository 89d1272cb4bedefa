"""A record names what really ran each cell of the model."""

from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path

import pytest
import torch

import tiny
from longlag.cells import Elman
from longlag.cells.base import Hidden
from longlag.runs.config import resolve
from longlag.runs.provenance import hardware, machine
from longlag.runs.run import execute
from longlag.training.best_checkpoint import Selection

SMALL = (*tiny.TINY, "logger=none", "probe=off")


class Uncompilable(Elman):
    """A step that the compiler does not know."""

    def step(self, u, s):
        return Hidden(torch.special.bessel_j0(super().step(u, s).h))


def test_a_backend_that_could_not_be_had_is_not_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("longlag.cells.Elman", Uncompilable)
    config = resolve(("cell=rnn", "model.backend=compiled", *SMALL))
    with pytest.warns(UserWarning, match="runs on loop"):
        assert execute(config, tmp_path).record.model.backends == ("loop",)


@pytest.mark.parametrize(
    ("settings", "layers", "backends"),
    [
        (["model.layers=2", "model.backend=loop"], 2, ("loop", "loop")),
        (["model=bidirectional", "model.backend=loop"], 1, ("loop", "loop")),
        (["cell=mingru", "model.backend=scan"], 1, ("scan",)),
    ],
)
def test_layers_and_cells_are_told_apart_and_each_cell_has_its_backend(
    tmp_path, settings, layers, backends
):
    model = execute(resolve(("cell=lstm", *settings, *SMALL)), tmp_path).record.model
    assert (model.layers, model.cells, model.backends) == (layers, len(backends), backends)


def test_a_record_says_in_utc_when_the_run_ended_and_its_id_does_not(tmp_path):
    config = resolve(("cell=rnn", *SMALL))
    record = execute(config, tmp_path).record
    assert record.date and timedelta(0) <= datetime.now(UTC) - record.date < timedelta(minutes=1)
    assert record.date.utcoffset() == timedelta(0) and record.id == config.id


def test_the_machine_is_told_down_to_its_processor_compiler_and_matrix_products():
    found = hardware("cpu")
    assert found.device == "cpu" and found.threads == torch.get_num_threads()
    assert found.cpu and found.cores and found.blas and found.isa
    assert set(machine()) == {"versions", "git", "machine"}


def test_a_score_that_is_no_number_is_a_divergence_even_if_training_never_saw_it(
    tmp_path, monkeypatch
):
    def spoil(self, model):
        with torch.no_grad():
            model.head.bias.fill_(float("nan"))

    monkeypatch.setattr(Selection, "restore", spoil)
    for task in ("task=adding", "task=reber"):  # a class is right by chance, whatever the weights
        settings = [word for word in SMALL if not word.startswith("task")]
        found = execute(resolve(("cell=lstm", task, *settings)), tmp_path).record
        assert found.status == "diverged" and isnan(found.metrics.test["loss"])
