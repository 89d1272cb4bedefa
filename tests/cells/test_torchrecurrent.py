"""The cells of torchrecurrent run on our engine, and agree with ours where both have them."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import Tensor

from longlag.cells.torchrecurrent import TorchRecurrentCell
from longlag.engine import unroll
from longlag.errors import LonglagError
from longlag.laws.cell import LAWS, verdict_on_cell
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for

library = pytest.importorskip("torchrecurrent")
T, B, I, H = 9, 3, 2, 4
CONF = Path(__file__).parents[2] / "conf" / "cell"
SQUARE = {"IntersectionRNNCell"}  # whose input must be as wide as its state
NAMES = sorted(name for name in dir(library) if name.endswith("Cell") and name not in SQUARE)
QUICK = [name for name in LAWS if "finite" not in name and "backend" not in name]


def blocks(weight: Tensor, *order: int) -> Tensor:
    """The blocks of H rows in another order."""
    parts = weight.split(H)
    return torch.cat([parts[k] for k in order])


def mgu(ours: Any) -> dict[str, Tensor]:
    rec = torch.cat([ours.U_f.weight, ours.U_n.weight])
    return {"weight_ih": ours.W_x.weight, "weight_hh": rec, "bias_ih": ours.W_x.bias}


def gated(*order: int) -> Any:
    """Cells whose weights differ from ours by the order of their rows alone."""

    def weights(ours: Any) -> dict[str, Tensor]:
        found = {"weight_ih": ours.W_x.weight, "weight_hh": ours.W_h.weight}
        found = {k: blocks(v, *order) for k, v in (found | {"bias_ih": ours.W_x.bias}).items()}
        peep = getattr(ours, "p", None)
        return found if peep is None else found | {"weight_ph": peep.flatten()}

    return weights


def indrnn(ours: Any) -> dict[str, Tensor]:
    return {"weight_ih": ours.W_x.weight, "bias_ih": ours.W_x.bias, "vector_u": ours.u}


def cornn(ours: Any) -> dict[str, Tensor]:
    W_y, W_z = ours.W_s.weight.chunk(2, 1)
    found = {"weight_ih": ours.W_x.weight, "bias_ih": ours.W_x.bias}
    return found | {"weight_hh": W_y, "weight_ch": W_z}


PAIRS: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "mgu": ("MGUCell", mgu, ()),
    "janet": ("JANETCell", gated(0, 1), ()),
    "ugrnn": ("UGRNNCell", gated(1, 0), ()),
    "lstm_no_forget": ("OriginalLSTMCell", gated(0, 2, 1), ()),
    "lstm_peephole": ("PeepholeLSTMCell", gated(0, 1, 3, 2), ()),
    "indrnn": ("IndRNNCell", indrnn, ("relu",)),
    "cornn": ("coRNNCell", cornn, ("dt", "gamma", "epsilon")),
}


@pytest.mark.parametrize("name", PAIRS)
def test_with_the_same_weights_both_compute_the_same(name: str):
    torch.manual_seed(0)
    ours = instantiate(OmegaConf.load(CONF / f"{name}.yaml"))(I, H).double()
    title, weights, asked = PAIRS[name]
    options: dict[str, Any] = {"nonlinearity": "relu"} if asked == ("relu",) else {}
    if name == "cornn":
        options = {"dt": ours.dt, "gamma": ours.gamma, "epsilon": ours.eps}
    theirs = TorchRecurrentCell(I, H, title, **options).double()
    given = weights(ours)
    with torch.no_grad():
        for key, p in theirs.cell.named_parameters():
            if key in given:
                p.copy_(given[key].reshape(p.shape))
            elif "bias" in key:
                p.zero_()
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(T, B, I, dtype=torch.double, generator=rng).requires_grad_()
    found = []
    for cell in (ours, theirs):
        run = unroll(cell, x, backend="loop")
        found.append((run.y, torch.autograd.grad(run.y.sin().sum(), x)[0]))
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_of_the_package_obeys_our_laws(name: str):
    for law in QUICK:
        found = verdict_on_cell(partial(TorchRecurrentCell, name=name), law)
        assert found.ok, f"{law}: {found.why}"


def test_what_is_seen_but_not_carried_is_no_part_of_the_size():
    assert TorchRecurrentCell(I, H, "LEMCell").state_size == 2 * H
    shown = TorchRecurrentCell(H, H, "IntersectionRNNCell")
    assert shown.State._fields == ("y", "h") and shown.state_size == H
    x = torch.zeros(T, B, H)
    run = unroll(shown, x)
    y, s = shown.cell(x[0], torch.zeros(B, H))
    torch.testing.assert_close((run.y[0], run.states.h[0]), (y, s))


def test_a_foreign_cell_is_matched_to_a_budget():
    def make(hidden: int) -> Model:
        return Model(I, 1, partial(TorchRecurrentCell, name="MGUCell"), hidden)

    model = make(hidden_size_for(make, 3000, "params"))
    assert abs(sum(p.numel() for p in model.parameters()) - 3000) < 150


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"name": "LEM"}, "no cell 'LEM'; allowed: .*LEMCell"),
        ({"name": "LEMCell", "speed": 3}, "LEMCell: .*speed"),
    ],
)
def test_a_wrong_name_or_option_is_refused(how: dict[str, Any], why: str):
    with pytest.raises(LonglagError, match=why):
        TorchRecurrentCell(I, H, **how)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torchrecurrent", None)
    with pytest.raises(LonglagError, match=r"pip install 'longlag\[peers\]'"):
        TorchRecurrentCell(I, H, "LEMCell")
