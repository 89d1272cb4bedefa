"""Copy memory: some symbols, a long silence, then the same symbols, in four variants."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from longlag.tasks.base import LADDER, Batch, Floor, Solved, Spec, Task, at_least, encode

SYMBOLS, WIDTH = 8, 10  # of the alphabet, and how many are to be remembered
BLANK, GO = SYMBOLS, SYMBOLS + 1


@dataclass(frozen=True, kw_only=True)
class Copy(Task):
    """Repeat ten symbols after T steps of silence.

        input   3 1 7 2 0 5 5 1 4 6 _ _ _ ... _ : _ _ _ _ _ _ _ _ _ _     (: asks for them)
        target  _ _ _ _ _ _ _ _ _ _ _ _ _ ... _ _ 3 1 7 2 0 5 5 1 4 6

    T + 20 steps; the loss is the cross-entropy of all of them, the score the accuracy on the last
    ten.  Who remembers nothing answers blanks, then guesses: 10 ln 8 / (T + 20) nats.

    The variant of Arjovsky et al.; that of Bai et al. 2018 shows the symbols as one number, and the
    signal at all of the last steps.

    Args:
        length: T, from the last symbol to the first answer.
    """

    length: int = 100

    name = "copy"
    source = "Arjovsky, Shah & Bengio 2016, section 5.1"
    minimum = at_least(length=1)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask for a symbol or blank, of eight symbols, blank and the signal."""
        guess = "answer blanks, then guess one of 8 symbols"
        nats = WIDTH * math.log(SYMBOLS) / (self.length + 2 * WIDTH)
        return Spec(
            kind="classification",
            input_size=SYMBOLS + 2,
            output_size=SYMBOLS + 1,
            metrics=("accuracy", "sequence_accuracy"),
            floors=(Floor("accuracy", 1 / SYMBOLS, guess), Floor("loss", nats, guess)),
            constant=0,
            solved=Solved("accuracy", 0.99, "longlag's own"),
            lag=self.length + WIDTH,
            symbols=(*"01234567", "_", ":"),
            answers=(*"01234567", "_"),
        )

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw symbols, uniform and independent."""
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


@dataclass(frozen=True, kw_only=True)
class VariableCopy(Task):
    """Repeat ten symbols after a silence of unknown length.

        input   3 1 7 2 0 5 5 1 4 6 _ _ _ : _ _ _ _ _ _ _ _ _ _     (: asks for them)
        target  _ _ _ _ _ _ _ _ _ _ _ _ _ _ 3 1 7 2 0 5 5 1 4 6

    As `Copy`, but 1 .. T blanks, uniformly, stand between the symbols and the signal, so that
    counting does not help.  Who remembers nothing answers blanks, then guesses: accuracy 1/8, and
    10 ln 8 nats over the mean number of steps, 21 + (T + 1) / 2.

    Args:
        length: T, the most blanks between the symbols and the signal.
    """

    length: int = 100

    name = "copy_variable"
    version = 2
    source = "Henaff, Szlam & LeCun 2016, as in Tallec & Ollivier 2018, section 3"
    minimum = at_least(length=1)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask as `Copy` does."""
        spec, (accuracy, loss) = Copy(length=self.length).spec, Copy().spec.floors
        nats = WIDTH * math.log(SYMBOLS) / (2 * WIDTH + 1 + (self.length + 1) / 2)
        floors = (accuracy, loss._replace(value=nats))
        return spec._replace(floors=floors, lag=self.length + WIDTH + 1)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw symbols and silences, uniform and independent."""
        silence = torch.randint(1, self.length + 1, (batch_size,), generator=rng)
        symbols = torch.randint(0, SYMBOLS, (WIDTH, batch_size), generator=rng)
        lengths = WIDTH + silence + 1 + WIDTH
        T, column = int(lengths.max()), torch.arange(batch_size)
        asked = lengths - WIDTH + torch.arange(WIDTH)[:, None]  # (WIDTH,B)
        inside = torch.arange(T)[:, None] < lengths
        seen = torch.full((T, batch_size), BLANK).where(inside, SYMBOLS + 2)
        seen[:WIDTH] = symbols
        seen[lengths - WIDTH - 1, column] = GO
        target = torch.full((T, batch_size), BLANK)
        target[asked, column] = symbols
        scored = torch.zeros(T, batch_size, dtype=torch.bool)
        scored[asked, column] = True
        return Batch(encode(seen, SYMBOLS + 2), target, inside.float(), lengths, scored)


@dataclass(frozen=True, kw_only=True)
class SelectiveCopy(Task):
    """Repeat ten symbols that are scattered among blanks, in their order.

        input   _ 3 _ _ 1 7 _ _ _ 2 0 _ 5 ... 6 _ _ : _ _ _ _ _ _ _ _ _ _
        target                                        3 1 7 2 0 5 5 1 4 6

    T steps with the symbols, the signal, and ten steps that alone are asked and scored: chance is
    1/8, ln 8 nats.

    Args:
        length: T, steps that the symbols are scattered over.
    """

    length: int = 100

    name = "copy_selective"
    source = "Jing et al. 2019 (denoising); Gu & Dao 2023, section 4.1.1"
    minimum = at_least(length=WIDTH)
    ladder = LADDER

    def define(self) -> Spec:
        """Ask as `Copy` does, without blanks among the answers."""
        return recall_spec(SYMBOLS, WIDTH, self.length + 1)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw symbols uniform, and places as a uniform subset."""
        T = self.length
        symbols = torch.randint(0, SYMBOLS, (WIDTH, batch_size), generator=rng)
        places = torch.rand(T, batch_size, generator=rng).topk(WIDTH, dim=0).indices.sort(0).values
        start = torch.full((T, batch_size), BLANK).scatter_(0, places, symbols)
        return recall(start, symbols, SYMBOLS)


@dataclass(frozen=True, kw_only=True)
class Memorisation(Task):
    """Repeat five bits after a long silence; what fills the silence says nothing.

        input   0 1 1 0 1 _ _ _ ... _ : _ _ _ _ _
        target                          0 1 1 0 1

    The 20-bit version of the paper has symbols=5 and width=10.  Only the answers are asked and
    scored, as with the paper's option to predict the bits alone; chance is 1/symbols.

    Args:
        length: steps of silence.
        symbols: of the alphabet.
        width: how many are to be remembered.
    """

    length: int = 100
    symbols: int = 2
    width: int = 5

    name = "memorisation"
    source = "Martens & Sutskever 2011 (noiseless memorization)"
    few = "there are symbols^width"
    ladder = LADDER
    minimum = at_least(length=1, symbols=2, width=1)

    def define(self) -> Spec:
        """Ask for a symbol, of symbols, blank and the signal."""
        return recall_spec(self.symbols, self.width, self.width + self.length + 1)

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw symbols, uniform and independent."""
        symbols = torch.randint(0, self.symbols, (self.width, batch_size), generator=rng)
        start = torch.full((self.width + self.length, batch_size), self.symbols)
        start[: self.width] = symbols
        return recall(start, symbols, self.symbols)


def recall_spec(symbols: int, width: int, lag: int) -> Spec:
    """Ask for `width` of `symbols` symbols again: symbols, blank and signal in, symbols out."""
    guess, names = f"guess one of {symbols} symbols", tuple(map(str, range(symbols)))
    return Spec(
        kind="classification",
        input_size=symbols + 2,
        output_size=symbols,
        metrics=("accuracy", "sequence_accuracy"),
        floors=(
            Floor("accuracy", 1 / symbols, guess),
            Floor("sequence_accuracy", symbols**-width, guess),
            Floor("loss", math.log(symbols), guess),
        ),
        constant=0,
        solved=Solved("accuracy", 0.99, "longlag's own"),
        lag=lag,
        symbols=(*names, "_", ":"),
        answers=names,
    )


def recall(start: Tensor, symbols: Tensor, alphabet: int) -> Batch:
    """Show `start` (T,B), the signal, and blanks during which `symbols` (W,B) are asked for."""
    (T, B), W = start.shape, len(symbols)
    seen = torch.full((T + 1 + W, B), alphabet)
    seen[:T], seen[T] = start, alphabet + 1
    target, weight = torch.zeros(T + 1 + W, B, dtype=torch.int64), torch.zeros(T + 1 + W, B)
    target[-W:], weight[-W:] = symbols, 1
    return Batch(encode(seen, alphabet + 2), target, weight)
