"""The only LightningDataModule: it serves the streams of any task."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import lightning

from longlag.tasks.base import Batch, Split, Task

AHEAD = 16  # batches drawn in one go: each alone, after a training step, finds the caches cold


@dataclass
class Stream:
    """Batches first, first + 1, ... of a task's training split, without end."""

    task: Task
    seed: int
    batch_size: int
    first: int = 0

    def __iter__(self) -> Iterator[Batch]:
        for first in count(self.first, AHEAD):
            block = range(first, first + AHEAD)
            yield from [self.task.batch("train", self.seed, k, self.batch_size) for k in block]


@dataclass
class Blocks:
    """The stream in blocks that end at multiples of `size`, each drawn when it is its turn."""

    stream: Stream
    size: int

    def __iter__(self) -> Iterator[Iterator[Batch]]:
        batches = iter(self.stream)
        yield islice(batches, self.size - self.stream.first % self.size)
        while True:
            yield islice(batches, self.size)


@dataclass
class Fixed:
    """The same batches at every visit (a plain list would be read as many dataloaders)."""

    batches: list[Batch]

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class DataModule(lightning.LightningDataModule):
    """Serves `task`: an endless training stream in blocks, and fixed validation and test sets.

    Args:
        task: what is asked.
        seed: of all three streams.
        batch_size: sequences in a training batch.
        validation_size: sequences that choices are made on.
        test_size: sequences of the final score.
        block: training batches between two validations, which Lightning takes as one.

    Attributes:
        first: the training batch to begin with: those before it have been taken.
    """

    def __init__(
        self,
        task: Task,
        seed: int,
        batch_size: int,
        validation_size: int,
        test_size: int,
        block: int,
    ) -> None:
        super().__init__()
        self.task, self.seed, self.batch_size, self.block = task, seed, batch_size, block
        self.first = 0
        self.sizes = {"validation": validation_size, "test": test_size}
        self._fixed: dict[Split, Fixed] = {}

    def train_dataloader(self) -> Blocks:
        """Return the training stream."""
        return Blocks(Stream(self.task, self.seed, self.batch_size, self.first), self.block)

    def val_dataloader(self) -> Fixed:
        """Return the validation set, the same at every visit."""
        return self._evaluation("validation")

    def test_dataloader(self) -> Fixed:
        """Return the test set."""
        return self._evaluation("test")

    def _evaluation(self, split: Split) -> Fixed:
        if split not in self._fixed:
            size = self.sizes[split]
            self._fixed[split] = Fixed(
                list(self.task.evaluation(split, self.seed, size, EVALUATED))
            )
        return self._fixed[split]


EVALUATED = 256  # sequences in an evaluation batch: no gradient is kept, so it may be large
