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

    The pairs stand first, no key and no value twice; every key is asked once, at uniform places
    among blanks (the paper draws the gaps from a power law).  Only those steps are asked and
    scored: chance is 1/values, or 1/pairs for who remembers the values but not whose they are.

    Args:
        length: T, steps.
        pairs: to be remembered.
        keys: of the vocabulary.
        values: of the vocabulary.
    """

    length: int = 100
    pairs: int = 8
    keys: int = 32
    values: int = 16

    name = "associative_recall"
    version = 2
    source = "Arora et al. 2023 (multi-query associative recall)"
    ladder = LADDER

    def check(self) -> None:
        """Refuse what is out of range."""
        least = 3 * self.pairs
        require(
            "associative_recall",
            pairs=(self.pairs, self.pairs >= 1, "at least 1"),
            length=(self.length, self.length >= least, f"at least {least}, three steps a pair"),
            keys=(self.keys, self.keys >= self.pairs, f"at least {self.pairs}, one for each pair"),
            values=(
                self.values,
                self.values >= max(2, self.pairs),
                f"at least {max(2, self.pairs)}, one for each pair",
            ),
        )

    def define(self) -> Spec:
        """Ask for a value, of keys, values and blank."""
        guess = f"guess one of {self.values} values"
        names = tuple(f"v{i}" for i in range(self.values))
        return Spec(
            kind="classification",
            input_size=self.keys + self.values + 1,
            output_size=self.values,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(
                Floor("accuracy", 1 / self.values, guess),
                Floor("sequence_accuracy", 1 / math.perm(self.values, self.pairs), guess),
                Floor("loss", math.log(self.values), guess),
            ),
            constant=0,
            baselines=(Floor("accuracy", 1 / self.pairs, "guess one of the values that came"),),
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length - 1,
            symbols=(*(f"k{i}" for i in range(self.keys)), *names, "_"),
            answers=names,
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw keys and values as uniform subsets, questions at a uniform subset of places."""
        T, n, size = self.length, self.pairs, self.keys + self.values + 1
        key = torch.rand(self.keys, batch_size, generator=rng).topk(n, dim=0).indices
        value = torch.rand(self.values, batch_size, generator=rng).topk(n, dim=0).indices
        free = torch.rand(T - 2 * n, batch_size, generator=rng)
        place = 2 * n + free.topk(n, dim=0).indices
        seen = torch.full((T, batch_size), size - 1)
        seen[0 : 2 * n : 2], seen[1 : 2 * n : 2] = key, self.keys + value
        seen.scatter_(0, place, key)
        target = torch.zeros(T, batch_size, dtype=torch.int64).scatter_(0, place, value)
        weight = torch.zeros(T, batch_size).scatter_(0, place, 1.0)
        return Batch(encode(seen, size), target, weight)
