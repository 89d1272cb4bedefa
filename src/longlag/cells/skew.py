"""Antisymmetric matrices by their free numbers: what antisymmetric and orthogonal RNNs learn."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Skew(nn.Module):
    """A - A^T, where A holds H(H-1)/2 numbers on one side of its diagonal and zeros elsewhere.

    Args:
        size: H.
        side: `above` (strictly upper triangular) or `below`.
    """

    at: Int[Tensor, "2 N"]  # rows and columns of the N = H(H-1)/2 numbers

    def __init__(self, size: int, side: str) -> None:
        super().__init__()
        self.size = size
        at = (
            torch.triu_indices(size, size, 1)
            if side == "above"
            else torch.tril_indices(size, size, -1)
        )
        self.register_buffer("at", at, persistent=False)

    def forward(self, numbers: Float[Tensor, "N"]) -> Float[Tensor, "H H"]:
        """Compute A - A^T."""
        A = numbers.new_zeros(self.size, self.size).index_put((self.at[0], self.at[1]), numbers)
        return A - A.T
