"""A cell with one option, a number, as a user writes it."""

import torch
from torch import nn

from longlag.cells import Cell, Hidden


class Leaky(Cell):
    """h_t = (1 - a) h_(t-1) + a tanh(W x_t + U h_(t-1) + b)."""

    def __init__(self, input_size: int, hidden_size: int, rate: float = 0.1) -> None:
        super().__init__(input_size, hidden_size)
        self.rate = rate
        self.inp = nn.Linear(input_size, hidden_size)
        self.rec = nn.Linear(hidden_size, hidden_size)

    def project(self, x):
        return self.inp(x)

    def step(self, u, s):
        return Hidden(torch.lerp(s.h, torch.tanh(u + self.rec(s.h)), self.rate))
