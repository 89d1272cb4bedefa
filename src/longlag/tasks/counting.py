"""Counting languages: a^n b^n and a^n b^n c^n, with the end to be predicted."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from longlag.tasks.base import Batch, Floor, LongerInTest, Solved, Spec, at_least, encode


@dataclass(frozen=True, kw_only=True)
class Counting(LongerInTest):
    """What both share: blocks of n equal letters, and after each letter the set that may follow.

    A word is right when all its sets are.  Training has n from `shortest` to `length`, validation
    and test from `length` + 1 to `beyond` (0: as in training); `at(n)` asks for one n, which gives
    the largest n with every word right.  The sets that matter, at the end of each block, cannot be
    told from the current letter: who remembers nothing has only n = 1 right.

    Args:
        shortest: least n in training.
        length: greatest n in training.
        beyond: greatest n in validation and test.
    """

    length: int = 100
    beyond: int = 200

    ladder = (10, 20, 50, 100, 200, 400, 750, 1000)
    minimum = at_least(length=1)
    few = "there is one for each n"
    letters: ClassVar[str]  # in the order of their blocks

    def define(self) -> Spec:
        """Ask whether each letter, or the end, may follow; a start symbol and letters come in."""
        seen = self.evaluated()
        share = 1 / (seen.length - seen.shortest + 1) if seen.shortest == 1 else 0.0
        return Spec(
            kind="multilabel",
            input_size=len(self.letters) + 1,
            output_size=len(self.letters) + 1,
            metrics=("sequence_accuracy", "accuracy", "nll"),
            floors=(Floor("sequence_accuracy", share, "the share of n = 1"),),
            solved=Solved("sequence_accuracy", 0.99, "longlag's own"),
            lag=len(self.letters) * seen.length - 1,
            symbols=("S", *self.letters),
            answers=(*self.letters, "."),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw n, uniform."""
        size, blocks = len(self.letters) + 1, len(self.letters)
        n = torch.randint(self.shortest, self.length + 1, (batch_size,), generator=rng)
        lengths = blocks * n + 1
        T = int(lengths.max())
        t = torch.arange(T)[:, None]
        inside = t < lengths
        block = (t - 1).div(n, rounding_mode="floor")  # -1: the start symbol
        ends = t % n == 0  # at the last letter of a block; also at the start
        own = torch.eye(size)[block.clamp(0, blocks - 1)]  # goes on with the same letter
        following = torch.eye(size)[(block + 1).clamp(0, blocks)]  # next letter, or the end
        target = torch.where(ends[..., None], following, own)
        target[..., 1].masked_fill_(block == 0, 1)  # after an a, one can never know
        target[..., 0].masked_fill_(block == 0, 1)
        x = encode((block + 1).where(inside, size), size)
        return Batch(x, target * inside[..., None], inside.float(), lengths)

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer what may follow each letter of the word of n = 1, but both letters after an a."""
        follows = 2 * torch.eye(len(self.letters) + 1) - 1
        follows[1, 0] = 1
        return batch.x @ follows


@dataclass(frozen=True, kw_only=True)
class AnBn(Counting):
    """Predict what may follow in a^n b^n; the dot is the end.

    input    S   a   a   a   b   b   b
    target   a   ab  ab  ab  b   b   .
    """

    name = "anbn"
    source = "Gers & Schmidhuber 2001; Weiss, Goldberg & Yahav 2018"
    letters = "ab"


@dataclass(frozen=True, kw_only=True)
class AnBnCn(Counting):
    """Predict what may follow in a^n b^n c^n; the dot is the end.

    input    S   a   a   b   b   c   c
    target   a   ab  ab  b   c   c   .
    """

    name = "anbncn"
    source = "Gers & Schmidhuber 2001; Weiss, Goldberg & Yahav 2018"
    letters = "abc"
