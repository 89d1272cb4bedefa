"""Zoneout: units of the state that stay, at random, as they were."""

from collections.abc import Callable, Mapping
from typing import Any, final

from jaxtyping import Float
from torch import Tensor

from longlag.cells.base import Cell
from longlag.cells.randomness import RandomSource
from longlag.cells.wrappers.base import Drawn, Wrapper, probability


@final
class Zoneout(Wrapper):
    r"""Parts of the state that stay as they were: a unit of part s keeps its value with chance z.

        d_t ~ Bernoulli(z_s)                                     for each unit, step and sequence
        s_t = d_t * s_(t-1) + (1 - d_t) * cell(x_t, s_(t-1))     in training
        s_t = z_s * s_(t-1) + (1 - z_s) * cell(x_t, s_(t-1))     in eval: the expectation

    Args:
        input_size: I.
        hidden_size: H.
        cell: makes the cell that is wrapped.
        rates: z of each part of the state, by its letter; 0 for those that are left out.
        seed: of d; None: drawn itself, once, with the weights.

    Raises:
        ValueError: a part that the state does not have, or a rate outside [0, 1].

    Source: Krueger et al. 2017, "Zoneout", section 3.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: Callable[[int, int], Cell],
        rates: Mapping[str, float],
        seed: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, cell)
        self.source = RandomSource(seed)
        parts = self.State._fields
        if unknown := [name for name in rates if name not in parts]:
            raise ValueError(
                f"Zoneout: the state of {type(self.cell).__name__} has {', '.join(parts)}, "
                f"not {', '.join(unknown)}"
            )
        for name, rate in rates.items():
            probability("Zoneout", f"rate of {name}", rate)
        self.rates = tuple(float(rates.get(name, 0.0)) for name in parts)
        self.shapes = tuple(leaf.shape[1:] for leaf in self.cell.init_state(1))
        self.columns = tuple(shape.numel() for shape in self.shapes)

    def drawn(self, x: Float[Tensor, "*S I"]) -> Drawn:
        """Draw what stays, d, for each part: (T,B,H)."""
        pairs = zip(self.rates, self.columns, strict=True)
        return x, [(self.source.uniform(*x.shape[:2], H) < z).float() for z, H in pairs]

    def stays(self, u: Float[Tensor, "*S P"]) -> tuple[Float[Tensor, "*S _"], Any]:
        """Return the cell's own u, and for each part of the state d or, in eval mode, z."""
        own, *d = self.split(u)
        if not self.training:
            return own, self.rates
        parts = zip(d, self.shapes, strict=True)
        return own, [k if len(shape) == 1 else k.unflatten(-1, shape) for k, shape in parts]

    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Compute s_t of each part."""
        own, keep = self.stays(u)
        new = self.cell.step(own, s)
        return type(new)(*(k * o + (1 - k) * n for n, o, k in zip(new, s, keep, strict=True)))

    def keep(self, u: Float[Tensor, "*S P"], s: Any) -> Mapping[str, Tensor]:
        """Return z + (1 - z) times what the cell keeps; in training, d for z."""
        own, keep = self.stays(u)
        stays = dict(zip(self.State._fields, keep, strict=True))
        return {k: stays[k] + (1 - stays[k]) * f for k, f in self.cell.keep(own, s).items()}

    def kernel(self) -> None:
        """Return None, for eval mode is not the cell itself."""
        return None
