"""The word problem of a group: multiply a long word of its elements, and say where one stands."""

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, encode, require

ORDERS = {"Z60": 60, "A5": 60, "S5": 120}


@functools.cache
def multiplication(group: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The table of products (g, h) -> g h, and a name for each element."""
    if group == "Z60":
        elements = np.arange(60)
        return (elements[:, None] + elements) % 60, tuple(map(str, elements))
    permutations = list(itertools.permutations(range(5)))
    if group == "A5":
        permutations = [p for p in permutations if inversions(p) % 2 == 0]
    index = {p: i for i, p in enumerate(permutations)}
    table = [[index[tuple(g[i] for i in h)] for h in permutations] for g in permutations]
    return np.array(table), tuple("".join(str(i + 1) for i in p) for p in permutations)


def inversions(permutation: tuple[int, ...]) -> int:
    """Pairs that stand in the wrong order."""
    return sum(a > b for a, b in itertools.combinations(permutation, 2))


@dataclass(frozen=True, kw_only=True)
class WordProblem(Task):
    """Say after each element of a group what the product of all of them is so far.

        input    21345   23451   12354 ...      (a permutation: where 1, 2, 3, 4, 5 go)
        target   21345   32451   32541 ...      (the product, newest element first)

    S5 and A5 are not solvable: unless TC0 = NC1, no fixed number of linear recurrences whose
    transition is diagonal, or does not depend on the input (S4, Mamba, LRU, minGRU), can do it for
    all lengths.  One whose transition is a dense matrix chosen by the input can, in one layer:
    h_t = P(x_t) h_(t-1) with permutation matrices P.  Z60, which is commutative, is the control.
    All steps count.  Who remembers nothing is right at the first step and guesses at the others:
    (1 + (T - 1) / |G|) / T.

    Args:
        length: T, elements.
        group: "S5" (120 elements), "A5" (60) or "Z60" (60).
    """

    length: int = 32
    group: Literal["S5", "A5", "Z60"] = "A5"

    name = "word_problem"
    source = "Merrill, Petty & Sabharwal 2024"
    ladder = (8, 16, 32, *LADDER)

    def check(self) -> None:
        """Refuse what is out of range."""
        require(
            "word_problem",
            length=(self.length, self.length >= 2, "at least 2"),
            group=(self.group, self.group in ORDERS, f"one of {', '.join(ORDERS)}"),
        )

    def define(self) -> Spec:
        """An element in, an element out."""
        order, T = ORDERS[self.group], self.length
        guess = f"right at the first step, then guess one of {order} elements"
        names = multiplication(self.group)[1]
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
        """Elements uniform and independent, which makes the products uniform."""
        order, table = ORDERS[self.group], multiplication(self.group)[0].reshape(-1)
        word = torch.randint(0, order, (self.length, batch_size), generator=rng)
        product, reach = word.numpy().copy(), 1
        while reach < self.length:  # product[t] is that of the last 2^i elements, then of all
            product[reach:] = table[product[reach:] * order + product[:-reach]]
            reach *= 2
        weight = torch.ones(self.length, batch_size)
        return Batch(encode(word, order), torch.from_numpy(product), weight)

    def trivial_answer(self, batch: Batch) -> Tensor:
        """The element itself, which is right at the first step."""
        return batch.x
