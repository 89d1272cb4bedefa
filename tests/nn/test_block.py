"""A block is its equation, makes linear layers nonlinear, and refuses what it cannot be."""

from functools import partial
from typing import Any

import pytest
import torch

from longlag.cells import LRU, SCRN
from longlag.engine import unroll
from longlag.nn.block import Block
from longlag.nn.model import Model
from longlag.tasks import Adding
from some_models import inputs, model_of, same


def test_a_block_is_its_equation_by_hand():
    """With a glu as Orvieto et al. draw it, with an mlp as Feng et al. do."""
    x = inputs()
    for mixer in ("glu", "mlp"):
        model = model_of(layers=1, block=partial(Block, mixer=mixer))
        block: Any = model.blocks[0]  # pyright: ignore
        z = x @ model.encoder.weight.T + model.encoder.bias  # pyright: ignore
        centred = z - z.mean(-1, keepdim=True)
        seen = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        y = unroll(model.cells[0], seen).y
        if mixer == "glu":
            a, b = (gelu(y) @ block.mix.weight.T + block.mix.bias).chunk(2, -1)
            z = z + a * torch.sigmoid(b)
        else:
            z = z + y
            z = z + block.mix(z)
        same(model(x).prediction, model.head(z))


def gelu(a: torch.Tensor) -> torch.Tensor:
    return a * (1 + torch.erf(a / 2**0.5)) / 2


def superposition_error(model: Model) -> float:
    """How far f(x + y) - f(0) is from f(x) - f(0) + f(y) - f(0), at the last step."""
    x, y = inputs(), inputs().flip(0)
    zero, one, two, both = (model(z).prediction[-1].detach() for z in (0 * x, x, y, x + y))
    return float(((both - zero) - (one - zero) - (two - zero)).abs().max() / both.abs().max())


@pytest.mark.parametrize("layers", [1, 3])
def test_an_lru_is_linear_from_end_to_end_unless_it_stands_in_a_block(layers: int):
    assert superposition_error(model_of(LRU, layers=layers)) < 1e-12
    assert superposition_error(model_of(LRU, layers=layers, block=Block)) > 1e-3


def test_a_block_lets_an_lru_solve_what_no_affine_map_of_the_sequence_can():
    """The best affine map of the whole adding sequence has an MSE of 1/6 - 1/(3T)."""
    task = Adding(length=10)
    torch.manual_seed(0)
    model = Model(2, 1, LRU, 16, 2, block=Block)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for k in range(300):
        batch = task.batch("train", 0, k, 64)
        loss = (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    batch = task.batch("validation", 0, 0, 1000)
    error = (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()
    assert error < (1 / 6 - 1 / 30) / 2


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"block": partial(Block, mixer="moe")}, "mixer must be glu or mlp, not 'moe'"),
        ({"block": partial(Block, expansion=3)}, "only mixer=mlp has one, not 3"),
        ({"block": Block, "layers": 2, "residual": True}, "leave residual away"),
        ({"block": partial(Block, mixer="mlp"), "cell": SCRN}, "cell's 8 outputs are added to its"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), not 1.0"),
    ],
)
def test_a_block_that_cannot_be_is_refused(how: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        model_of(**how)
