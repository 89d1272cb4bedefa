"""Which of the cells in conf/ each backend runs, and that none falls back without our knowing."""

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.cells import LinearCell
from longlag.engine import compiled, unroll
from recurrences import CONF, YAMLS

NAMES = [path.stem for path in YAMLS]
LOOPS = {"lru": "not real"}  # why they are not compiled


def cell_named(name: str):
    torch.manual_seed(0)
    return instantiate(OmegaConf.load(CONF / f"{name}.yaml"))(2, 4).double().eval()


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_is_compiled_but_those_that_say_why_not(name: str):
    cell = cell_named(name)
    plan = compiled.compiled_step(cell, torch.zeros(1, 1, 2).double())
    if name in LOOPS:
        assert isinstance(plan, str) and LOOPS[name] in plan
    else:
        assert isinstance(plan, compiled.CompiledStep), plan


@pytest.mark.parametrize("name", NAMES)
def test_scan_runs_the_linear_cells_and_refuses_the_others(name: str):
    cell, x = cell_named(name), torch.zeros(3, 1, 2).double()
    if isinstance(cell, LinearCell):
        assert unroll(cell, x, backend="scan").y.shape == (3, 1, 4)
        return
    with pytest.raises(ValueError, match="linear cells only"):
        unroll(cell, x, backend="scan")
