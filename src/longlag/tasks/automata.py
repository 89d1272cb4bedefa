"""Regular languages of Deletang et al.: train on short words, answer for long ones."""

import functools
import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import Batch, Floor, Solved, Spec, Task, encode, require


@functools.cache
def arithmetic() -> np.ndarray:
    """The state 5 total + term after reading + - * or nothing and a number: (25,20)."""
    state, read = np.divmod(np.arange(500), 20)
    (total, term), (operator, number) = np.divmod(state, 5), np.divmod(read, 5)
    ended, sign = (total + term) % 5, np.where(operator == 1, -1, 1)
    goes_on = 5 * total + np.where(operator == 2, term * number % 5, term)
    return np.where(operator < 2, 5 * ended + sign * number % 5, goes_on).reshape(25, 20)


@dataclass(frozen=True, kw_only=True)
class Word(Task):
    """What all of them share: words of varying length, and a class asked at the last letter.

    Training words have `shortest` to `length` letters, uniformly; validation and test words have
    `length` + 1 to `beyond` (0: as in training).  `at(n)` is a point of the extrapolation curve.
    Chance is 1 over the number of classes: after many letters each is as likely as any other.

    Args:
        shortest: letters of the shortest training word.
        length: letters of the longest training word.
        beyond: letters of the longest word of validation and test.
    """

    shortest: int = 1
    length: int = 40
    beyond: int = 500

    ladder = (40, 60, 100, 150, 200, 300, 400, 500)
    letters: ClassVar[tuple[str, ...]]
    classes: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        require(
            self.name,
            length=(self.length, self.length >= 1, "at least 1"),
            shortest=(self.shortest, 1 <= self.shortest <= self.length, f"1 to {self.length}"),
            beyond=(
                self.beyond,
                self.beyond == 0 or self.beyond > self.length,
                f"0, or more than {self.length}",
            ),
        )

    def define(self) -> Spec:
        """Letters in, a class at the end."""
        guess = f"guess one of {len(self.classes)} classes"
        return Spec(
            kind="classification",
            input_size=len(self.letters),
            output_size=len(self.classes),
            metrics=("accuracy",),
            floors=(
                Floor("accuracy", 1 / len(self.classes), guess),
                Floor("loss", math.log(len(self.classes)), guess),
            ),
            solved=Solved("accuracy", 0.9, "Deletang et al. 2023, section 4", published=True),
            lag=max(self.length, self.beyond) - 1,
            symbols=self.letters,
            answers=self.classes,
        )

    def evaluated(self) -> Task:
        """Words longer than any in training."""
        if self.beyond == 0:
            return self
        return replace(self, shortest=self.length + 1, length=self.beyond, beyond=0)

    def at(self, length: int) -> Task:
        """Words of exactly `length` letters, in training and evaluation alike."""
        return replace(self, shortest=length, length=length, beyond=0)

    @abstractmethod
    def answer(self, word: Tensor, inside: Tensor) -> Tensor:
        """The class (B,) of each word: letters (T,B), of which those inside (T,B) count."""

    def word(self, T: int, batch_size: int, rng: Generator) -> Tensor:
        """Letters (T,B); uniform and independent."""
        return torch.randint(0, len(self.letters), (T, batch_size), generator=rng)

    def drawn_lengths(self, batch_size: int, rng: Generator) -> Tensor:
        """Letters of each word, uniform."""
        return torch.randint(self.shortest, self.length + 1, (batch_size,), generator=rng)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Lengths uniform."""
        lengths = self.drawn_lengths(batch_size, rng)
        T = int(lengths.max())
        inside = torch.arange(T)[:, None] < lengths
        word = self.word(T, batch_size, rng)
        size = len(self.letters)
        weight = torch.zeros(T, batch_size)
        weight[lengths - 1, torch.arange(batch_size)] = 1
        target = self.answer(word, inside).expand(T, -1)
        return Batch(encode(word.where(inside, size), size), target, weight, lengths)


@dataclass(frozen=True, kw_only=True)
class Parity(Word):
    """Is the number of ones odd?

        1 0 1 1 0  ->  odd

    Words, chance (1/2) and criterion as for `Word`: accuracy of at least 0.9 on words of 41 to 500
    letters after training on 1 to 40.

    Source: Deletang et al. 2023, table 1 (parity check).
    """

    name = "parity"
    source = "Deletang et al. 2023 (parity check)"
    letters = ("0", "1")
    classes = ("even", "odd")

    def answer(self, word: Tensor, inside: Tensor) -> Tensor:
        """The sum modulo 2."""
        return (word * inside).sum(0) % 2


@dataclass(frozen=True, kw_only=True)
class EvenPairs(Word):
    """Is the number of ab and ba, taken together, even?

        a b b a a  ->  even (one ab, one ba)

    That is: are the first letter and the last one the same?  Words, chance (1/2) and criterion as
    for `Word`.

    Source: Deletang et al. 2023, table 1 (even pairs).
    """

    name = "even_pairs"
    source = "Deletang et al. 2023 (even pairs)"
    letters = ("a", "b")
    classes = ("even", "odd")

    def answer(self, word: Tensor, inside: Tensor) -> Tensor:
        """The changes of letter modulo 2."""
        return ((word[1:] != word[:-1]) & inside[1:]).sum(0) % 2


@dataclass(frozen=True, kw_only=True)
class CycleNavigation(Word):
    """Where on a circle of five places does a walk end?

        + + = - + +  ->  3

    + and - move one place on or back, = stays.  Words, chance (1/5) and criterion as for `Word`.

    Source: Deletang et al. 2023, table 1 (cycle navigation).
    """

    name = "cycle_navigation"
    source = "Deletang et al. 2023 (cycle navigation)"
    letters = ("=", "+", "-")
    classes = ("0", "1", "2", "3", "4")

    def answer(self, word: Tensor, inside: Tensor) -> Tensor:
        """The sum of the moves modulo 5: - is 4."""
        return torch.tensor([0, 1, 4])[word].mul(inside).sum(0) % 5


@dataclass(frozen=True, kw_only=True)
class ModularArithmetic(Word):
    """What is a sum of products modulo 5?

        2 + 3 * 4 - 1  ->  3

    Numbers 0 to 4 and the operators + - *, in turn; * binds first.  Word lengths are odd: an even
    one is made one less.  Chance (1/5) and criterion as for `Word`.

    Source: Deletang et al. 2023, table 1 (modular arithmetic, simple).
    """

    name = "modular_arithmetic"
    source = "Deletang et al. 2023 (modular arithmetic, simple)"
    letters = ("0", "1", "2", "3", "4", "+", "-", "*")
    classes = ("0", "1", "2", "3", "4")

    def drawn_lengths(self, batch_size: int, rng: Generator) -> Tensor:
        """Odd numbers of letters."""
        return (super().drawn_lengths(batch_size, rng) - 1) // 2 * 2 + 1

    def word(self, T: int, batch_size: int, rng: Generator) -> Tensor:
        """Numbers on even places, operators between them."""
        word = torch.randint(0, 5, (T, batch_size), generator=rng)
        operators = torch.randint(5, 8, (T, batch_size), generator=rng)
        word[1::2] = operators[1::2]
        return word

    def answer(self, word: Tensor, inside: Tensor) -> Tensor:
        """Of what a run of the automaton leaves: the total so far, and the term that may go on."""
        letters, counts = word.numpy(), inside.numpy()
        operators = np.where(counts[1::2], letters[1::2] - 5, 3)
        state, table = letters[0], arithmetic()
        for read in 5 * operators + letters[2::2]:
            state = table[state, read]
        return torch.from_numpy((state // 5 + state) % 5)
