"""Training of 1997: one update after each sequence, and a rule that ends it over the last ones."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from longlag.cells.base import Cell
from longlag.engine.c_compiler import CannotCompile
from longlag.engine.online import Descent, OnlineDescent
from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model
from longlag.tasks.base import Batch

TOGETHER = 64  # sequences in one call


class StreamRule(NamedTuple):
    """When training ends: what the last training sequences were like before they were learnt from.

    Source: Hochreiter & Schmidhuber 1997, section 5: "training is stopped once the average training
    error is below 0.01, and the 2000 most recent sequences were processed correctly".
    """

    last: int  # sequences that are looked at
    wrong: int  # of them may have an output further off than `tolerance`
    tolerance: float
    mean_error: float | None  # the mean of the largest |y - target| lies below it; None: no matter


class Stream:
    """The largest errors of the last training sequences, held against a rule."""

    def __init__(self, rule: StreamRule) -> None:
        self.rule = rule
        self.errors: deque[float] = deque(maxlen=rule.last)
        self.wrong, self.total = 0, 0.0

    def meets(self, error: float) -> bool:
        """Add the largest error of a sequence; tell whether the rule is met after it."""
        rule = self.rule
        if len(self.errors) == rule.last:
            self.wrong -= self.errors[0] >= rule.tolerance
            self.total -= self.errors[0]
        self.errors.append(error)
        self.wrong += error >= rule.tolerance
        self.total += error
        enough = len(self.errors) == rule.last and self.wrong <= rule.wrong
        small = rule.mean_error is None or self.total / rule.last < rule.mean_error
        return enough and small


def largest_errors(
    head: LogisticHead,
    prediction: Float[Tensor, "N D"],
    target: Num[Tensor, "N *D"],
    sequence: Int[Tensor, "N"],
    count: int,
) -> list[float]:
    """Return the largest |y - target| of each of `count` sequences, from N answers of them."""
    each = head.errors(prediction.detach(), target).abs().amax(-1)
    return each.new_zeros(count).scatter_reduce(0, sequence, each, "amax").tolist()


class NetworkStep(Cell):
    """One step of a whole network: projection, recurrence and output sums z, the last of its state.

    Args:
        model: one layer of a cell and logistic outputs, with nothing around them.
    """

    def __init__(self, model: Model) -> None:
        cell, head = model.cells[0], model.head
        assert isinstance(head, LogisticHead)
        super().__init__(cell.input_size, cell.hidden_size)
        self.cell, self.head = cell, head
        self.State = NamedTuple("State", [*((f, Any) for f in cell.State._fields), ("z", Any)])  # pyright: ignore

    def init_state(self, batch_size: int) -> Any:
        """Return the cell's, and zeros for the outputs."""
        zeros = self.head.map.weight.new_zeros(batch_size, self.head.map.out_features)
        return self.State(*self.cell.init_state(batch_size), zeros)

    def step(self, u: Float[Tensor, "*S I"], s: Any) -> Any:
        """Compute the cell's state and the output sums of x_t."""
        projected = self.cell.project(u)
        new = self.cell.step(projected, self.cell.State(*s[:-1]))
        return self.State(*new, self.head.sums(self.cell.readout(new, projected), u))


def online_descent(model: Model, optimizer: Any, clip: float | None) -> OnlineDescent | None:
    """Return what trains `model` on line in C; None where that is not plain descent of such a net.

    Args:
        model: what learns.
        optimizer: is to be stochastic gradient descent without momentum, decay or anything else.
        clip: of the gradient; is to be None.
    """
    one_cell = len(model.cells) == len(model.layers) == 1 and model.causal
    bare = model.front is None and model.blocks is None and not model.dropout.p
    if not (one_cell and bare and isinstance(model.head, LogisticHead) and clip is None):
        return None
    group = optimizer.param_groups[0]
    plain = not any(group.get(name) for name in ("momentum", "weight_decay", "nesterov"))
    if not (type(optimizer) is torch.optim.SGD and plain and model.backend == "auto"):
        return None
    weight = model.head.map.weight
    try:
        return OnlineDescent(NetworkStep(model), weight.new_zeros(1, 1, model.cells[0].input_size))
    except CannotCompile:
        return None


def descend_on_line(
    descent: OnlineDescent, batches: Iterable[Batch], rate: float
) -> Iterator[Descent]:
    """Take batches of one sequence each, in their order, and yield what was seen of them."""
    head = descent.net.head
    ahead = iter(batches)
    while some := list(islice(ahead, TOGETHER)):
        x, weight = (torch.cat([getattr(b, part)[:, 0] for b in some]) for part in ("x", "weight"))
        target = head.targets(torch.cat([b.target[:, 0] for b in some]))  # pyright: ignore
        yield descent.descend(x, target, weight, [len(b.x) for b in some], rate)
