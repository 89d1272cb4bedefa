"""A recurrence in three pure pieces, of which only the middle one is sequential in time.

    u    = project(x)         x (T,B,I) -> u (T,B,P)     all steps at once
    s_t  = step(u_t, s_t-1)   u_t (B,P), s (B,H) -> s    one step
    y    = readout(s, u)      s (T,B,H), u -> y (T,B,D)  all steps at once

Letters, here and in every module: T time, B batch, I input, P projected input, H hidden state,
D output.  `step` and `gates` also work on (T,B,.) tensors: nothing in them may assume two axes.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple, final

from torch import Tensor, nn


class Hidden(NamedTuple):
    """The state of a cell with one memory."""

    h: Tensor


class Kernel(NamedTuple):
    """A vendor's kernel that computes a cell: torch's name for it and the weights it takes."""

    name: Literal["rnn_tanh", "rnn_relu", "lstm", "gru"]
    weights: tuple[Tensor, Tensor, Tensor, Tensor]  # W_ih, W_hh, b_ih, b_hh


class Cell(nn.Module, ABC):
    """Base of every recurrence: a subclass writes `step`, the rest has defaults.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of each part of the state.
    """

    State: ClassVar[type[Any]] = Hidden  # a NamedTuple of tensors, each (B, H)

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{type(self).__name__}: {name} must be at least 1, not {size}")
        self.input_size, self.hidden_size = input_size, hidden_size

    @property
    def output_size(self) -> int:
        """D, the features of y_t."""
        return self.hidden_size

    @property
    def state_size(self) -> int:
        """Numbers that one sequence carries from step to step."""
        return sum(leaf.numel() for leaf in self.init_state(1))

    def init_state(self, batch_size: int) -> Any:
        """The state before the first step: zeros (B, H) for every part."""
        like = next(self.parameters())
        return self.State(
            *(like.new_zeros(batch_size, self.hidden_size) for _ in self.State._fields)
        )

    def project(self, x: Tensor) -> Tensor:
        """What of x_t can be computed for all steps at once: (T,B,I) -> (T,B,P)."""
        return x

    @abstractmethod
    def step(self, u: Tensor, s: Any) -> Any:
        """The recurrence: u_t (B,P), s_(t-1) -> s_t."""

    def readout(self, s: Any, u: Tensor) -> Tensor:
        """What the layer above sees: (T,B,H), (T,B,P) -> (T,B,D)."""
        return s[0]

    def gates(self, u: Tensor, s: Any) -> dict[str, Tensor]:
        """The gate activations of a step from s_(t-1), by the letter of their equation."""
        return {}

    def kernel(self) -> Kernel | None:
        """The vendor's kernel for exactly this recurrence, if there is one."""
        return None


class LinearCell(Cell):
    """An elementwise-linear recurrence s_t = a_t * s_(t-1) + b_t, which a scan can run."""

    @abstractmethod
    def coefficients(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """`(a, b)`, each like the state; functions of the input alone."""

    @final
    def step(self, u: Tensor, s: Any) -> Any:
        """s_t = a_t * s_(t-1) + b_t: derived, so that the scan and the step cannot disagree."""
        a, b = self.coefficients(u)
        return self.State(a * s[0] + b)
