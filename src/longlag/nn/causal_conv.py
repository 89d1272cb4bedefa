"""A convolution over time before the first recurrence: the CNN of a CNN + LSTM."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from longlag.cells.base import at_least_one


@final
class CausalConvolution(nn.Module):
    r"""Filters over the last few steps: y_t = relu(b + sum_k W_k x_(t-k)), k = 0 .. width - 1.

    Steps before the first one count as zeros, so T steps in are T steps out and none of them
    depends on a later one.

    Args:
        input_size: I.
        channels: filters, the features of y_t.
        width: of a filter, in steps.

    Raises:
        ValueError: no channel, or no step.

    Source: van den Oord et al. 2016, "WaveNet", section 2.1 (causal, here undilated).
    """

    def __init__(self, input_size: int, channels: int = 32, width: int = 5) -> None:
        super().__init__()
        at_least_one("CausalConvolution", channels=channels, width=width)
        self.output_size, self.width = channels, width
        self.filters = nn.Conv1d(input_size, channels, width)

    def forward(self, x: Float[Tensor, "T B I"]) -> Float[Tensor, "T B C"]:
        """Filter all steps at once."""
        x = nn.functional.pad(x.permute(1, 2, 0), (self.width - 1, 0))
        return torch.relu(self.filters(x)).permute(2, 0, 1)
