"""Copy memory: ten symbols, a long silence, then the same ten symbols."""

import math
from dataclasses import dataclass

import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, encode, require

SYMBOLS, WIDTH = 8, 10  # of the alphabet, and how many are to be remembered
BLANK, GO = SYMBOLS, SYMBOLS + 1


@dataclass(frozen=True, kw_only=True)
class Copy(Task):
    """Repeat ten symbols after T steps of silence.

        input   3 1 7 2 0 5 5 1 4 6 _ _ _ ... _ : _ _ _ _ _ _ _ _ _ _     (: asks for them)
        target  _ _ _ _ _ _ _ _ _ _ _ _ _ ... _ _ 3 1 7 2 0 5 5 1 4 6

    T + 20 steps; the loss is the cross-entropy of all of them, the score the accuracy on the last
    ten.  Who remembers nothing answers blanks, then guesses: 10 ln 8 / (T + 20) nats.

    Args:
        length: T, from the last symbol to the first answer.

    Source: Arjovsky, Shah & Bengio 2016, section 4.1 (from Hochreiter & Schmidhuber 1997).
    """

    length: int = 100

    name = "copy"
    source = "Arjovsky et al. 2016, section 4.1"
    ladder = LADDER

    def __post_init__(self) -> None:
        require("copy", length=(self.length, self.length >= 1, "at least 1"))

    def define(self) -> Spec:
        """Eight symbols, blank and the signal in; a symbol or blank out."""
        guess = "answer blanks, then guess one of 8 symbols"
        nats = WIDTH * math.log(SYMBOLS) / (self.length + 2 * WIDTH)
        return Spec(
            kind="classification",
            input_size=SYMBOLS + 2,
            output_size=SYMBOLS + 1,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(Floor("accuracy", 1 / SYMBOLS, guess), Floor("loss", nats, guess)),
            solved=Solved("accuracy", 0.99, "recall of the ten symbols above 0.99"),
            lag=self.length + WIDTH,
            symbols=(*"01234567", "_", ":"),
            answers=(*"01234567", "_"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Symbols uniform and independent."""
        T = self.length + 2 * WIDTH
        symbols = torch.randint(0, SYMBOLS, (WIDTH, batch_size), generator=rng)
        seen = torch.full((T, batch_size), BLANK)
        seen[:WIDTH] = symbols
        seen[T - WIDTH - 1] = GO
        target = torch.full((T, batch_size), BLANK)
        target[T - WIDTH :] = symbols
        scored = torch.zeros(T, batch_size, dtype=torch.bool)
        scored[T - WIDTH :] = True
        x = encode(seen, SYMBOLS + 2)
        return Batch(x, target, torch.ones(T, batch_size), scored=scored)
