"""Dyck words of bounded depth: which bracket must the next closing one be?"""

import functools
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_least, encode, require

OPENING, CLOSING = "([{<abcdefgh", ")]}>ABCDEFGH"


@dataclass(frozen=True, kw_only=True)
class Dyck(Task):
    """Name the bracket that is to be closed next, in words of k kinds nested up to depth m.

        input    (   [   ]   (   {   }   )   )      scored: after the closing brackets
        target   (   [   (   (   {   (   (   .

    The word goes deeper or back with equal chance, kinds are uniform.  All steps inside a bracket
    are asked; those right after a closing one are scored, for there alone the answer is not the
    current symbol's: chance is 1/k.  The paper scores a language model of the same words: the mean
    over distances of how often the right bracket gets more than 0.8.

    Args:
        length: T, steps of the word, which need not be closed at its end.
        kinds: k.
        depth: m, the deepest nesting.
    """

    length: int = 100
    kinds: int = 2
    depth: int = 8

    name = "dyck"
    minimum = at_least(length=3, depth=2)
    source = "Hewitt et al. 2020 (Dyck-(k,m))"
    ladder = LADDER

    def check(self) -> None:
        """Refuse what is out of range."""
        most = len(OPENING)
        require("dyck", kinds=(self.kinds, 2 <= self.kinds <= most, f"2 to {most}"))

    def define(self) -> Spec:
        """Ask for one of k kinds, of 2 k brackets."""
        k, guess = self.kinds, f"guess one of {self.kinds} kinds"
        return Spec(
            kind="classification",
            input_size=2 * k,
            output_size=k,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(Floor("accuracy", 1 / k, guess),),
            constant=0,
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length - 1,
            symbols=(*OPENING[:k], *CLOSING[:k]),
            answers=tuple(OPENING[:k]),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Walk between the depths 0 and m; at the two ends the walk turns."""
        T, k, m = self.length, self.kinds, self.depth
        coins = torch.randint(0, 256, (-(-T // 8), batch_size), generator=rng).numpy()
        kind = torch.randint(0, k, (T, batch_size), generator=rng).numpy()
        depth = np.zeros((8 * len(coins) + 1, batch_size), dtype=np.int16)  # before each step
        paths = walks(m)
        for i, eight in enumerate(coins):
            depth[8 * i + 1 : 8 * i + 9] = paths[depth[8 * i], eight].T
        depth = depth[: T + 1]
        opens = depth[1:] > depth[:-1]
        small = np.int16 if T * k < 2**15 else np.int64
        steps = np.arange(T, dtype=small)[:, None]
        code = np.where(opens, steps * small(k) + kind.astype(small), small(0))  # grows with t
        newest = np.zeros((T, batch_size), dtype=small)  # opening at the depth after each step
        for level in range(1, m + 1):  # an odd depth follows odd steps, an even one even steps
            rows = slice((level - 1) % 2, None, 2)
            here = depth[1:][rows] == level
            newest[rows] += np.maximum.accumulate(code[rows] * here, axis=0) * here
        top = (newest % small(k)).astype(np.int64)  # of the stack after each step
        closed = np.concatenate([top[:1], top[:-1]])  # a closing step closes what was on top
        seen = torch.from_numpy(np.where(opens, kind, k + closed))
        asked = torch.from_numpy(depth[1:] > 0)
        scored = asked & torch.from_numpy(~opens)
        return Batch(
            encode(seen, 2 * k), torch.from_numpy(top), asked.float(), scored=enough(scored, asked)
        )


@functools.cache
def walks(deepest: int) -> np.ndarray:
    """Tabulate depths (depth, bits of a byte, step) after each of eight steps; up for 1."""
    depth = np.repeat(np.arange(deepest + 1)[:, None], 256, axis=1)
    path = []
    for i in range(8):
        up = (np.arange(256) >> i) & 1
        depth = np.abs(deepest - np.abs(deepest - depth - 2 * up + 1))  # reflected at 0 and m
        path.append(depth)
    return np.stack(path, axis=-1).astype(np.int16)


def enough(scored: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Return `scored` or, in the rare batch without any such step, `asked`."""
    return scored if bool(scored.any()) else asked
