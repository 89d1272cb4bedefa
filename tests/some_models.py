"""Small models of every kind, and inputs to them, for the tests of tests/nn."""

from functools import partial
from typing import Any

import torch

from longlag.cells import LSTM
from longlag.nn.bidirectional import Bidirectional
from longlag.nn.block import Block
from longlag.nn.causal_conv import CausalConvolution
from longlag.nn.model import Model

T, B, I, H, D = 9, 3, 2, 4, 2
LENGTHS = torch.tensor([4, T, 1])
KINDS: dict[str, dict[str, Any]] = {
    "stack": {"layers": 2},
    "residual": {"layers": 3, "residual": True},
    "bidirectional": {"layers": 2, "layer": Bidirectional},
    "both": {"layers": 2, "layer": Bidirectional, "residual": True},
    "block": {"layers": 2, "block": Block},
    "block_mlp": {"layers": 2, "block": partial(Block, mixer="mlp")},
    "conv": {"layers": 2, "front": partial(CausalConvolution, channels=5, width=3)},
}


def model_of(cell: Any = LSTM, **how: Any) -> Model:
    torch.manual_seed(0)
    return Model(I, D, cell, H, **how).double()


def inputs() -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(T, B, I, dtype=torch.double, generator=rng)


def same(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
