"""What a recurrence is: one file per cell, each reading like the equations above it."""

from longlag.cells.base import Cell, Hidden, Kernel, LinearCell
from longlag.cells.elman import Elman
from longlag.cells.gru import GRU, GRUv1
from longlag.cells.lstm import LSTM, LSTMState

__all__ = ["GRU", "LSTM", "Cell", "Elman", "GRUv1", "Hidden", "Kernel", "LSTMState", "LinearCell"]
