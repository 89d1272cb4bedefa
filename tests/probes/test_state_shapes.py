"""A state of any shape is checked, trained with the probe on, and examined."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from longlag.cells import Cell
from longlag.cells.wrappers import ClipThroughTime, VariationalDropout, Zoneout
from longlag.cli.main import main
from longlag.engine import unroll
from longlag.laws.check import run_check
from longlag.nn.model import Model
from longlag.probes import examine as examination
from longlag.probes.examine import examine
from longlag.probes.profile import profile
from longlag.tasks import Adding

MATRIX = '''
from typing import NamedTuple
import torch
from torch import Tensor, nn
from longlag.cells import Cell


class Memory(NamedTuple):
    h: Tensor  # (B,H,H)


class Outer(Cell):
    """M_t = f M_(t-1) + v k^T, read by q: a matrix memory."""

    State = Memory

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, 3 * hidden_size)
        self.f = nn.Parameter(torch.full((hidden_size,), 2.0))

    def init_state(self, batch_size):
        return Memory(self.f.new_zeros(batch_size, self.hidden_size, self.hidden_size))

    def project(self, x):
        return self.W(x)

    def gates(self, u, s):
        return {"f": torch.sigmoid(self.f)[:, None].expand_as(s.h)}

    def keep(self, u, s):
        return {"h": self.gates(u, s)["f"]}

    def step(self, u, s):
        k, v, _ = u.chunk(3, -1)
        write = torch.tanh(v)[..., :, None] * k[..., None, :]
        return Memory(torch.sigmoid(self.f)[:, None] * s.h + write)

    def readout(self, s, u):
        return (s.h @ u.chunk(3, -1)[2][..., None])[..., 0]
'''


@pytest.fixture
def outer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "matrix_cells.py").write_text(MATRIX)
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    return importlib.import_module("matrix_cells").Outer


def test_its_laws_hold(outer: Any, capsys: pytest.CaptureFixture[str]):
    assert run_check("matrix_cells.Outer") == 0


def test_it_trains_with_the_probe_on(outer: Any, tmp_path: Path):
    (tmp_path / "cell").mkdir()
    yaml = "# An outer product.\n_target_: matrix_cells.Outer\n_partial_: true\n"
    (tmp_path / "cell" / "outer.yaml").write_text(yaml)
    args = f"train --config-dir {tmp_path} cell=outer task=adding task.length=8 match=none".split()
    args += ["model.hidden_size=3", "trainer.max_steps=4", "trainer.validate_every=2"]
    args += f"trainer.validation_size=8 trainer.test_size=8 logger=none results={tmp_path}".split()
    assert main(args) == 0
    with np.load(next(tmp_path.rglob("probe.npz"))) as probe:
        assert np.isfinite(probe["profile/0/h"]).all() and (probe["profile/0/h"][0] > 0).any()


def cases(outer: Any) -> tuple[Model, Any]:
    torch.manual_seed(0)
    return Model(2, 1, outer, 3), Adding(length=8).batch("validation", 0, 0, 5)


def test_its_profile_is_that_of_the_same_state_in_a_row(outer: Any):
    class Row(NamedTuple):
        h: Tensor

    class Flat(Cell):
        State = Row

        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.cell = outer(input_size, hidden_size)

        def square(self, s: Any) -> Any:
            return self.cell.State(s.h.unflatten(-1, (self.hidden_size, self.hidden_size)))

        def init_state(self, batch_size: int) -> Row:
            return Row(self.cell.init_state(batch_size).h.flatten(1))

        def project(self, x: Tensor) -> Tensor:
            return self.cell.project(x)

        def step(self, u: Tensor, s: Any) -> Row:
            return Row(self.cell.step(u, self.square(s)).h.flatten(-2))

        def readout(self, s: Any, u: Tensor) -> Tensor:
            return self.cell.readout(self.square(s), u)

    model, batch = cases(outer)
    torch.manual_seed(0)
    flat = Model(2, 1, Flat, 3)
    np.testing.assert_allclose(
        profile(model, batch, "regression")["profile/0/h"],
        profile(flat, batch, "regression")["profile/0/h"],
        rtol=1e-12,
    )
    one, other = (
        examine(m, batch, "regression", Generator().manual_seed(0), batch) for m in (model, flat)
    )
    for name, values in other.items():
        if "retention/kick" not in name:  # another direction
            np.testing.assert_allclose(one[name], values, rtol=1e-9, err_msg=name)


def test_it_is_examined_and_a_state_too_large_for_jacobians_says_so(
    outer: Any, monkeypatch: pytest.MonkeyPatch
):
    model, batch = cases(outer)
    found = examine(model, batch, "regression", Generator().manual_seed(0))
    assert found["jacobian/0/singular"].shape == (8, 9)  # H^2 numbers, all steps of 8
    assert found["timescale/0/h"].shape == (9,) and found["unit/0/h"].shape == (5, 8)
    np.testing.assert_allclose(found["timescale/0/h"], -1 / np.log(1 / (1 + np.exp(-2))), rtol=1e-6)
    assert found["retention/kick/0/h"][0] == pytest.approx(1)
    monkeypatch.setattr(examination, "LARGEST", 8)
    found = examine(model, batch, "regression", Generator().manual_seed(0))
    assert {name for name in found if "jacobian" in name} == {"jacobian/0/skipped"}
    assert found["jacobian/0/skipped"] == 9


@pytest.mark.parametrize("wrapper", [Zoneout, VariationalDropout, ClipThroughTime])
def test_it_can_be_wrapped(outer: Any, wrapper: Any):
    how = {"rates": {"h": 0.5}} if wrapper is Zoneout else {}
    cell = wrapper(2, 3, outer, **how)
    x = torch.randn(6, 4, 2)
    run = unroll(cell, x, backend="loop")
    run.y.sum().backward()
    assert run.states.h.shape == (6, 4, 3, 3)
    assert all(p.grad is not None for p in nn.ModuleList([cell]).parameters())
