"""Associative recall: pairs of key and value, then keys alone, in any order."""

import math
from dataclasses import dataclass

import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, encode, require


@dataclass(frozen=True, kw_only=True)
class AssociativeRecall(Task):
    """Answer each key with the value that came after it (multi-query).

        input    k3 v1 k0 v7 k5 v2 _  k0 _  _  k3 _  k5 ...
        target                        v7       v1    v2

    The pairs stand first; every key is asked once, at uniform places among blanks (the paper
    draws the gaps from a power law).  Only those steps are asked and scored: chance is 1/values.

    Args:
        length: T, steps.
        pairs: to be remembered.
        keys: of the vocabulary.
        values: of the vocabulary.

    Source: Arora et al. 2023, section 3 (multi-query associative recall).
    """

    length: int = 100
    pairs: int = 8
    keys: int = 32
    values: int = 16

    name = "associative_recall"
    source = "Arora et al. 2023, section 3 (MQAR)"
    ladder = LADDER

    def __post_init__(self) -> None:
        least = 3 * self.pairs
        require(
            "associative_recall",
            pairs=(self.pairs, self.pairs >= 1, "at least 1"),
            length=(self.length, self.length >= least, f"at least {least}, three steps a pair"),
            keys=(self.keys, self.keys >= self.pairs, f"at least {self.pairs}, one for each pair"),
            values=(self.values, self.values >= 2, "at least 2"),
        )

    def define(self) -> Spec:
        """Keys, values and blank in; a value out."""
        guess = f"guess one of {self.values} values"
        names = tuple(f"v{i}" for i in range(self.values))
        return Spec(
            kind="classification",
            input_size=self.keys + self.values + 1,
            output_size=self.values,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(
                Floor("accuracy", 1 / self.values, guess),
                Floor("sequence_accuracy", float(self.values) ** -self.pairs, guess),
                Floor("loss", math.log(self.values), guess),
            ),
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length - 1,
            symbols=(*(f"k{i}" for i in range(self.keys)), *names, "_"),
            answers=names,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Keys a uniform subset, values uniform, questions at a uniform subset of places."""
        T, n, size = self.length, self.pairs, self.keys + self.values + 1
        key = torch.rand(self.keys, batch_size, generator=rng).topk(n, dim=0).indices
        value = torch.randint(0, self.values, (n, batch_size), generator=rng)
        free = torch.rand(T - 2 * n, batch_size, generator=rng)
        place = 2 * n + free.topk(n, dim=0).indices
        seen = torch.full((T, batch_size), size - 1)
        seen[0 : 2 * n : 2], seen[1 : 2 * n : 2] = key, self.keys + value
        seen.scatter_(0, place, key)
        target = torch.zeros(T, batch_size, dtype=torch.int64).scatter_(0, place, value)
        weight = torch.zeros(T, batch_size).scatter_(0, place, 1.0)
        return Batch(encode(seen, size), target, weight)
