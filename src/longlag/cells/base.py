"""A recurrence in three pure pieces, of which only the middle one is sequential in time.

    u    = project(x)         x (T,B,I) -> u (T,B,P)     all steps at once
    s_t  = step(u_t, s_t-1)   u_t (B,P), s (B,H) -> s    one step
    y    = readout(s, u)      s (T,B,H), u -> y (T,B,D)  all steps at once

Letters, here and in every module: T time, B batch, I input, P projected input, H hidden state,
D output.  `step`, `gates` and `keep` also work on (T,B,.) tensors: nothing in them may assume two
axes.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float, Inexact
from torch import Tensor, nn

from longlag.errors import LonglagError

Gating = Mapping[str, Tensor] | tuple[Tensor, ...]  # a NamedTuple, or by letter


class Hidden(NamedTuple):
    """The state of a cell with one memory."""

    h: Inexact[Tensor, "*S H"]


class Kernel(NamedTuple):
    """A vendor's kernel that computes a cell: torch's name for it and the weights it takes."""

    name: Literal["rnn_tanh", "rnn_relu", "lstm", "gru"]
    weights: tuple[Tensor, Tensor, Tensor, Tensor]  # W_ih, W_hh, b_ih, b_hh


class Cell(nn.Module, ABC):
    """Base of every recurrence: a subclass writes `step`, the rest has defaults.

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of each part of the state.

    Attributes:
        State: the NamedTuple of the state's parts, each (B, H) unless `init_state` says otherwise.
        version: rises by one whenever the same config and seed give other numbers than before.
    """

    State: ClassVar[type[Any]] = Hidden
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        """Give up the vendor's kernel of a whole cell whose equations are overridden."""
        super().__init_subclass__(**options)
        changed = not vars(cls).keys().isdisjoint(("project", "step", "readout"))
        owner = next(base for base in cls.__mro__ if "kernel" in vars(base))
        if changed and owner is not cls and not inspect.isabstract(owner):
            cls.kernel = Cell.kernel

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        at_least_one(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size

    @property
    def versions(self) -> tuple[int, ...]:
        """Return the version of this class and, behind it, of what it wraps."""
        return (self.version,)

    @property
    def output_size(self) -> int:
        """Return D, the features of y_t."""
        return self.hidden_size

    @property
    def state_size(self) -> int:
        """Count the numbers that one sequence carries from step to step."""
        return sum(leaf.numel() for leaf in self.init_state(1))

    def init_state(self, batch_size: int) -> Any:
        """Return the state before the first step: zeros (B,H) for every part."""
        like = next(self.parameters())
        return self.State(
            *(like.new_zeros(batch_size, self.hidden_size) for _ in self.State._fields)
        )

    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Compute what of x_t needs no state, for all steps at once: (T,B,I) -> (T,B,P)."""
        return x

    @abstractmethod
    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Make one step of the recurrence: u_t (B,P), s_(t-1) -> s_t."""

    def readout(self, s: Any, u: Float[Tensor, "*S P"]) -> Float[Tensor, "*S D"]:
        """Return what the layer above sees: (T,B,H), (T,B,P) -> (T,B,D)."""
        return s[0]

    def gates(self, u: Float[Tensor, "*S P"], s: Any) -> Gating:
        """Return the activations of a step from s_(t-1), by the letters of the equations.

        A NamedTuple, whose attribute `candidate` names the field that is no gate, if there is one;
        or a mapping, where the letter of a candidate ends with ~.
        """
        return {}

    def keep(self, u: Float[Tensor, "*S P"], s: Any) -> Mapping[str, Tensor]:
        """Return the factor by which each unit keeps its own past in a step from s_(t-1).

        By the letter of the state's part, for the parts that have one: c of an LSTM is kept by
        f_t, h of a GRU by z_t.  Where gates and candidate are held, ds_t / ds_(t-1) is this factor.
        """
        return {}

    def kernel(self) -> Kernel | None:
        """Return the vendor's kernel for exactly this recurrence, if there is one."""
        return None


class AffineInputCell(Cell):
    """A cell whose input enters through one matrix alone: u = W_x x + b, rows (P,I)."""

    W_x: nn.Linear

    def project(self, x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S P"]:
        """Compute W_x x_t + b, for every gate and candidate at once."""
        return self.W_x(x)


class LinearCell(Cell):
    """An elementwise-linear recurrence s_t = a_t * s_(t-1) + b_t, which a scan can run."""

    @abstractmethod
    def coefficients(
        self, u: Float[Tensor, "*S P"]
    ) -> tuple[Inexact[Tensor, "*S H"], Inexact[Tensor, "*S H"]]:
        """Return `(a, b)`, each like the state; functions of the input alone."""

    @final
    def step(self, u: Float[Tensor, "*S P"], s: Any) -> Any:
        """Compute s_t = a_t * s_(t-1) + b_t: derived, so that scan and step cannot disagree."""
        a, b = self.coefficients(u)
        return self.State(a * s[0] + b)

    def keep(self, u: Float[Tensor, "*S P"], s: Any) -> Mapping[str, Tensor]:
        """Return |a_t|."""
        return {self.State._fields[0]: self.coefficients(u)[0].abs()}


def gates_by_letter(gates: Gating) -> dict[str, Tensor]:
    """Return the activations by letter; that of a candidate, which is no gate, ends with ~."""
    if isinstance(gates, Mapping):
        return dict(gates)
    candidate = getattr(gates, "candidate", None)
    fields: dict[str, Tensor] = gates._asdict()  # pyright: ignore[reportAttributeAccessIssue]
    return {f"{k}~" if k == candidate else k: value for k, value in fields.items()}


def check_step(cell: Cell) -> None:
    """Make one step of a cell and refuse what is no state like the first one.

    Raises:
        LonglagError: what `step` returned, and how to mend it.
    """
    name, State = type(cell).__name__, cell.State
    fields, training = ", ".join(State._fields), cell.training
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        start = cell.eval().init_state(1)
        like = next(cell.parameters(), torch.zeros(()))
        try:
            new = cell.step(cell.project(like.new_zeros(1, 1, cell.input_size))[0], start)
        except AttributeError as error:
            if State.__name__ not in str(error):
                raise
            raise LonglagError(
                f"{name}.step: {error}; if the cell has a state of its own, say so in the class: "
                "State = MyState"
            ) from error
        finally:
            cell.train(training)
    if not isinstance(new, State):
        what = "a tensor" if isinstance(new, Tensor) else f"a {type(new).__name__}"
        own = hasattr(new, "_fields")
        cure = (
            f"write State = {type(new).__name__} in the class"
            if own
            else (f"return {State.__name__}({fields})")
        )
        raise LonglagError(
            f"{name}.step returned {what}, but its State is {State.__name__}; {cure}"
        )
    for field, old, leaf in zip(State._fields, start, new, strict=True):
        if leaf.shape != old.shape:
            raise LonglagError(
                f"{name}.step returned {field} of shape {tuple(leaf.shape)}, but init_state gives "
                f"{tuple(old.shape)}; make them equal"
            )


def at_least_one(name: str, **given: int) -> None:
    """Refuse a number below 1.

    Raises:
        ValueError: it is, by its name.
    """
    for argument, value in given.items():
        if value < 1:
            raise ValueError(f"{name}: {argument} must be at least 1, not {value}")


def one_of(owner: str, allowed: Sequence[str], **given: str) -> None:
    """Refuse a word that is none of those allowed.

    Raises:
        ValueError: it is, by its name.
    """
    for argument, value in given.items():
        if value not in allowed:
            raise ValueError(f"{owner}: {argument} must be {' or '.join(allowed)}, not {value!r}")
