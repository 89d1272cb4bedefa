"""Random numbers of a module's own: what is drawn while a network trains, and nothing else draws.

A seed is drawn with the weights, hence from seeds.init; from then on no global draw changes what
the module sees, and its own draws change nothing elsewhere.
"""

from collections.abc import Mapping
from typing import Any, final

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn


@final
class RandomSource(nn.Module):
    """A generator that is copied, pickled and kept in `state_dict` with the module that owns it.

    It draws on the CPU, so that every device sees the same numbers.

    Args:
        seed: of the generator; None: drawn once, with the weights.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__()
        drawn = torch.randint(2**62, (), device="cpu") if seed is None else seed
        self.generator = torch.Generator().manual_seed(int(drawn))

    def uniform(self, *shape: int) -> Float[Tensor, "..."]:
        """Draw uniform numbers in [0, 1)."""
        return torch.rand(shape, generator=self.generator, device="cpu")

    def get_extra_state(self) -> UInt8[Tensor, "N"]:
        """Return how far the generator has come."""
        return self.generator.get_state()

    def set_extra_state(self, state: UInt8[Tensor, "N"]) -> None:
        """Go on from there."""
        self.generator.set_state(state.cpu())

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Load weights; where the generator's state was not kept with them, leave it as it is."""
        own = {f"{prefix}_extra_state": self.get_extra_state()}
        super()._load_from_state_dict({**own, **state_dict}, prefix, *rest)
