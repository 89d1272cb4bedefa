"""The tutorial's own LSTM is the one of the library."""

import re
from pathlib import Path

import torch

PAGE = Path(__file__).parents[2] / "docs" / "see-a-gradient-vanish.md"


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
