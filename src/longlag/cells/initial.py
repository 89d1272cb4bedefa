"""How the weights of a cell start."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def uniform_(module: nn.Module, fan: int) -> None:
    """Draw every parameter uniform in +-1/sqrt(fan); fan = H is torch's nn.RNN, nn.LSTM, nn.GRU."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -(fan**-0.5), fan**-0.5)


def chrono(hidden_size: int, longest: int) -> Float[Tensor, "H"]:
    """Draw forget biases log(U[1, T_max - 1]): time scales spread up to T_max.

    Args:
        hidden_size: H.
        longest: T_max, steps.

    Raises:
        ValueError: `longest` is below 3.

    Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?", eq. 16.
    """
    if longest < 3:
        raise ValueError(f"chrono: the longest lag must be at least 3 steps, not {longest}")
    return torch.empty(hidden_size).uniform_(1.0, longest - 1.0).log()
