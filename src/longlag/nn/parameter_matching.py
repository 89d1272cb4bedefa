"""Cells of different make compared at one size: the hidden size that meets a budget."""

from collections.abc import Callable
from typing import Literal

import torch

from longlag.nn.model import Model

Measure = Literal["params", "state"]


def hidden_size_for(make: Callable[[int], Model], budget: int, measure: Measure) -> int:
    """Find the hidden size whose model comes nearest to `budget`; the smaller one of a tie.

    Args:
        make: hidden size -> model.  Its size must rise with the hidden size.
        budget: parameters, or numbers in the state of one sequence.
        measure: which of the two.

    Raises:
        ValueError: even the smallest model is more than twice the budget, or the state of a model
            is asked for that has none.
    """

    def size(hidden: int) -> int:
        with torch.device("meta"):
            model = make(hidden)
            if measure == "state":
                return model.state_size
            return sum(parameter.numel() for parameter in model.parameters())

    smallest = size(1)
    if not smallest:
        raise ValueError(
            "match=state: a model without a recurrence has no state; give match=params"
        )
    if smallest > 2 * budget:
        raise ValueError(
            f"match={measure} budget={budget}: the smallest model already has {smallest}; "
            "give a larger budget"
        )
    high = 1
    while size(high) < budget:
        high *= 2
    low = max(1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < budget else (low, middle)
    return low if budget - size(low) <= size(high) - budget else high
