"""Every cell in conf/ is its paper's equations, step for step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import papers
import papers_lstm
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.engine import unroll
from recurrences import YAMLS

T, B, I, H = 12, 3, 2, 4
PAPERS: dict[str, Callable[..., Any]] = {
    "rnn": papers.elman,
    "rnn_orthogonal": papers.elman,
    "rnn_relu": papers.elman_relu,
    "irnn": papers.elman_relu,
    "lstm": papers_lstm.lstm,
    "lstm_chrono": papers_lstm.lstm,
    "gru": papers.gru_reset_after,
    "gru_reset_before": papers.gru_reset_before,
    "lstm_1997": papers_lstm.lstm_1997,
    "lstm_no_forget": papers_lstm.odyssey(off="f", peepholes=False),
    "lstm_peephole": papers_lstm.odyssey(),
    "lstm_nig": papers_lstm.odyssey(off="i"),
    "lstm_nfg": papers_lstm.odyssey(off="f"),
    "lstm_nog": papers_lstm.odyssey(off="o"),
    "lstm_niaf": papers_lstm.odyssey(linear_in=True),
    "lstm_noaf": papers_lstm.odyssey(linear_out=True),
    "lstm_np": papers_lstm.odyssey(peepholes=False),
    "lstm_cifg": papers_lstm.odyssey(coupled=True),
    "lstm_fgr": papers_lstm.lstm_fgr,
    "lstm_layernorm": papers_lstm.lstm_layernorm,
    "mgu": papers.mgu,
    "janet": papers.janet,
    "ugrnn": papers.ugrnn,
    "indrnn": papers.indrnn,
    "antisymmetric": papers.antisymmetric,
    "antisymmetric_gated": papers.antisymmetric_gated,
    "cornn": papers.cornn,
    "lem": papers.lem,
    "scrn": papers.scrn,
    "mingru": papers.mingru,
    "minlstm": papers.minlstm,
    "lru": papers.lru,
    "slstm": papers_lstm.slstm,
    "orthogonal": papers.orthogonal,
    "lstm_zoneout": papers.zoneout(papers_lstm.lstm, (0.05, 0.5)),
    "lstm_variational": papers.wrapped(papers_lstm.lstm),
    "lstm_hdetach": papers.wrapped(papers_lstm.lstm),
    "lstm_clipped": papers.wrapped(papers_lstm.lstm),
    "torchrecurrent": papers.ran,
}
READOUTS = {"lru": papers.lru_readout, "scrn": papers.scrn_readout}  # all others show s[0]


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_a_cell_is_its_paper_in_numpy(path: Path):
    torch.manual_seed(0)
    cell = instantiate(OmegaConf.load(path))(I, H).double().eval()
    with torch.no_grad():  # so that nothing rests on a weight that starts as zero or one
        for p in cell.parameters():
            p.add_(0.3 * torch.randn_like(p))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(T, B, I))
    s = [0.3 * rng.random(leaf.shape).astype(leaf.numpy().dtype) for leaf in cell.init_state(B)]
    start = cell.State(*map(torch.as_tensor, s))
    run = unroll(cell, torch.as_tensor(x), start, backend="loop")
    w = {name: value.numpy() for name, value in cell.state_dict().items()}
    for t in range(T):
        s = PAPERS[path.stem](w, x[t], s)
        for leaf, want in zip(run.states, s, strict=True):
            np.testing.assert_allclose(leaf[t].detach().numpy(), want, rtol=1e-9, atol=1e-12)
        y = READOUTS[path.stem](w, x[t], s) if path.stem in READOUTS else s[0]
        np.testing.assert_allclose(run.y[t].detach().numpy(), y, rtol=1e-9, atol=1e-12)
