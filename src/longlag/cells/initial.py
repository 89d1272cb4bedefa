"""How the weights of a cell start."""

import torch
from torch import Tensor, nn


def uniform_(module: nn.Module, hidden_size: int) -> None:
    """Every parameter uniform in +-1/sqrt(H), as torch's nn.RNN, nn.LSTM and nn.GRU start."""
    bound = hidden_size**-0.5
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -bound, bound)


def chrono(hidden_size: int, longest: int) -> Tensor:
    """Forget biases log(U[1, T_max - 1]): time scales spread up to T_max.

    Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", eq. 16.

    Raises:
        ValueError: `longest` (T_max, steps) is below 3.
    """
    if longest < 3:
        raise ValueError(f"chrono: the longest lag must be at least 3 steps, not {longest}")
    return torch.empty(hidden_size).uniform_(1.0, longest - 1.0).log()
