"""Dropout on the recurrence itself: one mask a sequence, held over all its steps."""

from collections.abc import Callable, Mapping
from typing import Any, final

from jaxtyping import Float
from torch import Tensor

from longlag.cells.base import Cell, Gating
from longlag.cells.randomness import RandomSource
from longlag.cells.wrappers.base import Drawn, Wrapper, needs_h, probability


@final
class VariationalDropout(Wrapper):
    r"""Dropout with one mask a sequence, the same at every step, on the input and on h.

        m_x, m_h ~ Bernoulli(1 - p) / (1 - p)                    for each unit and sequence
        s_t = cell(m_x * x_t, s_(t-1) with m_h * h_(t-1))        in training
        s_t = cell(x_t, s_(t-1))                                 in eval

    Meant for cells that read h_(t-1) through matrix products alone (RNN, LSTM and its variants):
    in a GRU the mask would also cut what leaks from h_(t-1) to h_t.  All gates share a mask
    (the paper's tied weights).

    Args:
        input_size: I.
        hidden_size: H.
        cell: makes the cell that is wrapped.
        inputs: p of m_x.
        hidden: p of m_h.
        seed: of the masks; None: drawn itself, once, with the weights.

    Raises:
        ValueError: a probability outside [0, 1), or a state without h.

    Source: Gal & Ghahramani 2016, "A theoretically grounded application of dropout in recurrent
    neural networks", eq. 7.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        cell: Callable[[int, int], Cell],
        inputs: float = 0.25,
        hidden: float = 0.25,
        seed: int | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, cell)
        self.source = RandomSource(seed)
        for name, p in (("inputs", inputs), ("hidden", hidden)):
            probability("VariationalDropout", name, p, below=True)
        needs_h("VariationalDropout", self.cell)
        self.inputs, self.hidden = inputs, hidden
        self.shape = self.cell.init_state(1).h.shape[1:]
        self.columns = (self.shape.numel(),)

    def mask(self, p: float, batch: int, size: int) -> Float[Tensor, "B N"]:
        """Draw 0 with probability p, else 1 / (1 - p)."""
        return (self.source.uniform(batch, size) >= p).double() / (1 - p)

    def drawn(self, x: Float[Tensor, "*S I"]) -> Drawn:
        """Return m_x * x, and m_h at every step."""
        T, B, I = x.shape
        m_x, m_h = self.mask(self.inputs, B, I), self.mask(self.hidden, B, *self.columns)
        return x * m_x.to(x), [m_h.expand(T, -1, -1)]

    def dropped(self, u: Float[Tensor, "*S P"], s: Any) -> tuple[Float[Tensor, "*S _"], Any]:
        """Return what the cell sees: its own u, and the state with h dropped."""
        own, *m_h = self.split(u)
        return own, s._replace(h=s.h * self.shaped(m_h[0])) if m_h else s

    def shaped(self, m_h: Float[Tensor, "*S N"]) -> Float[Tensor, "..."]:
        """Give m_h the axes of h."""
        return m_h if len(self.shape) == 1 else m_h.unflatten(-1, self.shape)

    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Make the cell's step from the state with h dropped."""
        return self.cell.step(*self.dropped(u, s))

    def gates(self, u: Float[Tensor, "*S P"], s: Any) -> Gating:
        """Return the cell's gates, from the state with h dropped."""
        return self.cell.gates(*self.dropped(u, s))

    def keep(self, u: Float[Tensor, "*S P"], s: Any) -> Mapping[str, Tensor]:
        """Return what the cell keeps; of h, times its mask."""
        own, masked = self.dropped(u, s)
        found = dict(self.cell.keep(own, masked))
        if "h" in found and self.training:
            found["h"] = found["h"] * self.shaped(self.split(u)[1])
        return found
