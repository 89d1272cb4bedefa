"""The keep factor of a cell is what its state decays by where nothing else moves it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.cells import SLSTM, Cell
from longlag.cells.wrappers import VariationalDropout, Zoneout
from longlag.engine import unroll
from recurrences import CONF, YAMLS

B, I, H = 3, 2, 4
KEEPS = {  # conf/cell -> the parts of the state that have such a factor
    **dict.fromkeys(("gru", "gru_reset_before", "mgu", "janet", "ugrnn", "mingru", "minlstm"), "h"),
    **dict.fromkeys((p.stem for p in CONF.glob("lstm*.yaml")), "c"),
    "lem": "yz",
    "lru": "h",
    "scrn": "s",
}


def made(name: str) -> Any:
    torch.manual_seed(0)
    return instantiate(OmegaConf.load(CONF / f"{name}.yaml"))(I, H).double().eval()


def close_the_recurrence(cell: Cell) -> None:
    """Zero every weight through which a step reads its state, so that gates hang on x alone."""
    x = torch.randn(5, B, I, dtype=torch.double)
    u = cell.project(x)
    seen = list(cell.parameters())
    forward = torch.autograd.grad(u.sin().sum(), seen, allow_unused=True)
    start = cell.init_state(B)
    states = cell.State(*(leaf.expand(5, *leaf.shape) for leaf in start))
    back = (
        torch.autograd.grad(cell.readout(states, u.detach()).abs().sum(), seen, allow_unused=True)
        if cell.readout(states, u.detach()).requires_grad
        else [None] * len(seen)
    )
    own = {"nu", "theta", "gamma"}  # the diagonal of an LRU is no matrix
    with torch.no_grad():
        for (name, p), one, other in zip(cell.named_parameters(), forward, back, strict=True):
            if one is None and other is None and name not in own:
                p.zero_()


@pytest.mark.parametrize("name", KEEPS)
def test_with_the_recurrence_closed_the_state_decays_by_exactly_the_factor(name: str):
    cell = made(name)
    close_the_recurrence(cell)
    u = cell.project(torch.randn(B, I, dtype=torch.double))
    state = cell.init_state(B)
    s = cell.State(*(torch.rand(leaf.shape).to(leaf) for leaf in state))
    keep = cell.keep(u, s)
    assert set(keep) == set(KEEPS[name])
    for leaf, factor in keep.items():
        more = torch.rand(getattr(s, leaf).shape).to(getattr(s, leaf))
        moved = cell.step(u, s._replace(**{leaf: getattr(s, leaf) + more}))
        change = getattr(moved, leaf) - getattr(cell.step(u, s), leaf)
        torch.testing.assert_close(change.abs(), factor * more.abs(), rtol=1e-9, atol=1e-12)


def test_the_mean_of_an_slstm_decays_by_its_factor_which_its_forget_gate_alone_is_not():
    cell = SLSTM(I, H).double()
    with torch.no_grad():
        cell.W_x.weight.chunk(4)[2].zero_()  # z = 0: nothing new is written
        cell.W_x.bias.chunk(4)[2].zero_()
        cell.W_h.weight.zero_()
    s = cell.init_state(B)._replace(n=torch.ones(B, H).double(), m=torch.zeros(B, H).double())
    s = s._replace(c=torch.rand(B, H).double())
    for u in cell.project(torch.randn(30, B, I, dtype=torch.double)):
        new, keep = cell.step(u, s), cell.keep(u, s)["c"]
        torch.testing.assert_close(new.c / new.n, keep * s.c / s.n, rtol=1e-9, atol=1e-15)
        assert not torch.allclose(keep, cell.gates(u, s).f)
        s = new
    empty = cell.init_state(B)
    assert cell.keep(cell.project(torch.zeros(B, I).double()), empty)["c"].eq(1).all()


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_cell_with_a_gate_that_keeps_says_so(path: Path):
    name, want = path.stem, KEEPS.get(path.stem, "c" if path.stem == "slstm" else "")
    cell = made(name)
    found = cell.keep(cell.project(torch.zeros(B, I).double()), cell.init_state(B))
    assert set(found) == set(want)
    assert all(bool(((k >= 0) & (k <= 1)).all()) for k in found.values())


def test_zoneout_keeps_a_part_more_and_variational_dropout_masks_what_is_kept():
    torch.manual_seed(0)
    lstm = instantiate(OmegaConf.load(CONF / "lstm.yaml"))
    zoned = Zoneout(I, H, lstm, {"c": 0.25}).double()
    x, s = torch.randn(1, B, I).double(), zoned.init_state(B)
    own = zoned.cell.keep(zoned.cell.project(x)[0], s)["c"]
    torch.testing.assert_close(zoned.eval().keep(zoned.project(x)[0], s)["c"], 0.25 + 0.75 * own)
    u = zoned.train().project(x)[0]
    kept = zoned.split(u)[2] == 1  # h, then c
    torch.testing.assert_close(zoned.keep(u, s)["c"], torch.where(kept, 1.0, own))
    dropped = VariationalDropout(I, H, instantiate(OmegaConf.load(CONF / "gru.yaml"))).double()
    u = dropped.project(x)[0]
    s = dropped.init_state(B)._replace(h=torch.rand(B, H).double())
    mask = dropped.split(u)[1]
    assert dropped.keep(u, s)["h"].eq(0).equal(mask == 0) and (mask == 0).any()


def test_the_factor_of_all_steps_at_once_is_that_of_each_step():
    cell = made("mgu")
    x = torch.randn(6, B, I).double()
    u, states = cell.project(x), unroll(cell, x, backend="loop").states
    whole = cell.keep(u[1:], cell.State(states.h[:-1]))["h"]
    for t in range(5):
        torch.testing.assert_close(whole[t], cell.keep(u[t + 1], cell.State(states.h[t]))["h"])
