"""Every cell in conf/ is its paper's equations, step for step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import papers
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.engine import unroll

T, B, I, H = 12, 3, 2, 4
YAMLS = sorted((Path(__file__).parents[2] / "conf" / "cell").glob("*.yaml"))
PAPERS: dict[str, Callable[..., Any]] = {
    "rnn": papers.elman,
    "rnn_orthogonal": papers.elman,
    "rnn_relu": papers.elman_relu,
    "irnn": papers.elman_relu,
    "lstm": papers.lstm,
    "lstm_chrono": papers.lstm,
    "gru": papers.gru_v3,
    "gru_v1": papers.gru_v1,
}


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_a_cell_is_its_paper_in_numpy(path: Path):
    torch.manual_seed(0)
    cell = instantiate(OmegaConf.load(path))(I, H).double()
    with torch.no_grad():  # so that nothing rests on a weight that starts as zero or one
        for p in cell.parameters():
            p.add_(0.3 * torch.randn_like(p))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(T, B, I))
    s = [0.3 * rng.random(leaf.shape).astype(leaf.numpy().dtype) for leaf in cell.init_state(B)]
    start = cell.State(*map(torch.as_tensor, s))
    got = unroll(cell, torch.as_tensor(x), start, backend="loop").states
    w = {name: value.numpy() for name, value in cell.state_dict().items()}
    for t in range(T):
        s = PAPERS[path.stem](w, x[t], s)
        for leaf, want in zip(got, s, strict=True):
            np.testing.assert_allclose(leaf[t].detach().numpy(), want, rtol=1e-9, atol=1e-12)
