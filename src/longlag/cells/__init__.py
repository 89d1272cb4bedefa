"""What a recurrence is: one file a family, each reading like the equations above it."""

from longlag.cells.antisymmetric import AntisymmetricRNN
from longlag.cells.base import Cell, Hidden, Kernel, LinearCell
from longlag.cells.elman import Elman, IndRNN
from longlag.cells.gru import GRU, GRUResetBefore
from longlag.cells.layernorm_lstm import LayerNormLSTM
from longlag.cells.lru import LRU
from longlag.cells.lstm import LSTM, LSTMState
from longlag.cells.lstm_1997 import LSTM1997
from longlag.cells.lstm_family import FullGateLSTM, LSTMVariant
from longlag.cells.minimal import MinGRU, MinLSTM
from longlag.cells.one_gate import JANET, MGU, UGRNN
from longlag.cells.orthogonal import OrthogonalRNN
from longlag.cells.oscillators import LEM, CoRNN
from longlag.cells.scrn import SCRN
from longlag.cells.slstm import SLSTM

__all__ = [
    "GRU",
    "JANET",
    "LEM",
    "LRU",
    "LSTM",
    "LSTM1997",
    "MGU",
    "SCRN",
    "SLSTM",
    "UGRNN",
    "AntisymmetricRNN",
    "Cell",
    "CoRNN",
    "Elman",
    "FullGateLSTM",
    "GRUResetBefore",
    "Hidden",
    "IndRNN",
    "Kernel",
    "LSTMState",
    "LSTMVariant",
    "LayerNormLSTM",
    "LinearCell",
    "MinGRU",
    "MinLSTM",
    "OrthogonalRNN",
]
