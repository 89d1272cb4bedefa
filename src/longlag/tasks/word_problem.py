"""The word problem of a group: multiply a long word of its elements, and say where one stands."""

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_least, encode


@functools.cache
def multiplication(group: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Tabulate the products (g, h) -> g h, and name each element."""
    if "x" in group:  # a pair of elements, multiplied side by side
        (one, names), (two, others) = map(multiplication, group.split("x"))
        pairs = one[:, None, :, None] * len(two) + two[:, None]
        order = len(one) * len(two)
        return pairs.reshape(order, order), tuple(f"{g}+{h}" for g in names for h in others)
    kind, n = group[0], int(group[1:])
    if kind == "Z":
        elements = np.arange(n)
        return (elements[:, None] + elements) % n, tuple(map(str, elements))
    permutations = list(itertools.permutations(range(n)))
    if kind == "A":
        pairs = [list(itertools.combinations(p, 2)) for p in permutations]
        odd = [sum(a > b for a, b in own) % 2 for own in pairs]  # inversions
        permutations = [p for p, o in zip(permutations, odd, strict=True) if not o]
    index = {p: i for i, p in enumerate(permutations)}
    table = [[index[tuple(g[i] for i in h)] for h in permutations] for g in permutations]
    return np.array(table), tuple("".join(str(i + 1) for i in p) for p in permutations)


@dataclass(frozen=True, kw_only=True)
class WordProblem(Task):
    """Say after each element of a group what the product of all of them is so far.

        input    21345   23451   12354 ...      (a permutation: where 1, 2, 3, 4, 5 go)
        target   21345   32451   32541 ...      (the product, newest element first)

    S5 and A5 are not solvable: unless TC0 = NC1, no fixed number of linear recurrences whose
    transition is diagonal, or does not depend on the input (S4, Mamba, LRU, minGRU), can do it for
    all lengths.  One whose transition is a dense matrix chosen by the input can, in one layer:
    h_t = P(x_t) h_(t-1) with permutation matrices P.  A4xZ5, which is solvable but not commutative,
    and Z60, which is commutative, are the controls.  All steps count.  Who remembers nothing is
    right at the first step and guesses at the others: (1 + (T - 1) / |G|) / T.

    Args:
        length: T, elements.
        group: "S5" (120 elements), "A5", "A4xZ5" or "Z60" (60 each).
    """

    length: int = 32
    group: Literal["S5", "A5", "A4xZ5", "Z60"] = "A5"

    name = "word_problem"
    source = "Merrill, Petty & Sabharwal 2024"
    minimum = at_least(length=2)
    ladder = (8, 16, 32, *LADDER)

    def define(self) -> Spec:
        """Ask for an element, of an element a step."""
        names, T = multiplication(self.group)[1], self.length
        order = len(names)
        guess = f"right at the first step, then guess one of {order} elements"
        return Spec(
            kind="classification",
            input_size=order,
            output_size=order,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(
                Floor("accuracy", (1 + (T - 1) / order) / T, guess),
                Floor("sequence_accuracy", order ** (1.0 - T), guess),
                Floor("loss", math.log(order) * (T - 1) / T, guess),
            ),
            solved=Solved("accuracy", 0.9, "longlag's own"),
            lag=T - 1,
            symbols=names,
            answers=names,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw elements, uniform and independent, which makes the products uniform."""
        table = multiplication(self.group)[0]
        order, table = len(table), table.reshape(-1)
        word = torch.randint(0, order, (self.length, batch_size), generator=rng)
        product, reach = word.numpy().copy(), 1
        while reach < self.length:  # product[t] is that of the last 2^i elements, then of all
            product[reach:] = table[product[reach:] * order + product[:-reach]]
            reach *= 2
        weight = torch.ones(self.length, batch_size)
        return Batch(encode(word, order), torch.from_numpy(product), weight)

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer the element itself, which is right at the first step."""
        return batch.x
