"""The tutorial page: its blocks run in order, and end in its figure."""

import re
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).parents[2] / "docs" / "see-a-gradient-vanish.md"


def test_the_page_runs_from_the_equations_to_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    text, names = PAGE.read_text(encoding="utf-8"), {}
    blocks = list(re.finditer(r"```python\n(.*?)```", text, re.DOTALL))
    assert len(blocks) >= 7
    with torch.random.fork_rng(devices=[]):
        for block in blocks:
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], str(PAGE), "exec"), names)
    figure = (tmp_path / "see-a-gradient-vanish.svg").read_text()
    assert figure.count("<path") > 20


def test_the_page_agrees_with_the_cell_that_it_explains():
    from longlag.cells import LSTM
    from longlag.cells.lstm import LSTMState

    names: dict = {}
    first = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(first[1], names)
    torch.manual_seed(0)
    H, I = 4, 2
    cell = LSTM(I, H).double()
    x, h, C = (torch.randn(n, dtype=torch.double) for n in (I, H, H))
    rows = dict(zip("ifCo", range(4), strict=True))
    W = {k: torch.cat([cell.W_h.weight.chunk(4)[n], cell.W_x.weight.chunk(4)[n]], 1).T
         for k, n in rows.items()}  # fmt: skip
    b = {k: cell.W_x.bias.chunk(4)[n] for k, n in rows.items()}
    new = cell.step(cell.project(x[None]), LSTMState(h[None], C[None]))
    want_h, want_C = names["lstm_step"](x, h, C, W, b)
    torch.testing.assert_close(new.h[0], want_h)
    torch.testing.assert_close(new.c[0], want_C)
