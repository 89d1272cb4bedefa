"""A task whose sequences are given: splits that never change, and an order drawn from the seed."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from longlag.tasks.base import Batch, Floor, Spec, Split, Task, at_last_step
from longlag.tasks.data.cache import Arrays, cached, checksum, own

VALIDATION = 0.2  # of the training data, cut once for all runs
CUT_SEED = 1997  # of that cut; no run's seed moves it


@dataclass(frozen=True, kw_only=True)
class FixedDataset(Task):
    """Sequences that are there already, each in one split for good.

    A subclass writes `parts` and `rows`.  Batch k of a split is a part of a permutation of that
    split, which is drawn anew for every pass from the task's own stream.
    """

    package: ClassVar[str]  # that the data are read from
    licence: ClassVar[str]  # of the data, in a few words

    @property
    @abstractmethod
    def parts(self) -> dict[Split, np.ndarray]:
        """Return the sequences of each split, as numbers that `rows` looks up."""

    @abstractmethod
    def rows(self, split: Split, rows: np.ndarray) -> Batch:
        """Make the batch of these places in `parts` of a split."""

    def batch(self, split: Split, seed: int, k: int, batch_size: int) -> Batch:
        """Take the k-th part of an endless row of permutations of the split."""
        n, order = len(self.parts[split]), []
        start, stop = k * batch_size, (k + 1) * batch_size
        for epoch in range(start // n, (stop - 1) // n + 1):
            shuffled = torch.randperm(n, generator=self.generator(split, seed, epoch)).numpy()
            order.append(shuffled[max(0, start - epoch * n) : stop - epoch * n])
        return self.rows(split, np.concatenate(order))

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw rows of the training split, with replacement."""
        n = len(self.parts["train"])
        return self.rows("train", torch.randint(n, (batch_size,), generator=rng).numpy())

    def evaluation(self, split: Split, seed: int, size: int, batch_size: int) -> Iterator[Batch]:
        """Yield the whole split in its own order, or `size` sequences of it, drawn for all runs.

        Not the first ones: data are often sorted by class.
        """
        n = len(self.parts[split])
        chosen = np.arange(n)
        if size < n:
            chosen = np.sort(np.random.default_rng(CUT_SEED).permutation(n)[:size])
        for start in range(0, len(chosen), batch_size):
            yield self.rows(split, chosen[start : start + batch_size])


@dataclass(frozen=True, kw_only=True)
class DatasetTask(FixedDataset):
    """Classify whole sequences of a data set; the answer is asked at each one's last step.

    A subclass writes `read`.
    """

    @property
    def key(self) -> str:
        """Return what the cache calls what is fitted: whatever the arrays depend on."""
        content = "" if own(self) else f"-{checksum(self.arrays)[:16]}"
        return f"{self.name}-{self.version}{content}"

    @abstractmethod
    def read(self) -> Arrays:
        """Read from the package: x (N,T,I) padded with zeros, lengths, label, test (N,) bool."""

    @cached_property
    def arrays(self) -> Arrays:
        """Return what `read` gave, by the cache if it is longlag's own `read`."""
        return self.arranged(cached(self.key, self.read) if own(self) else self.read())

    def arranged(self, arrays: Arrays) -> Arrays:
        """Return what the task makes of what `read` gave; by default nothing else."""
        return arrays

    @cached_property
    def parts(self) -> dict[Split, np.ndarray]:
        """Return the rows of each split: validation is cut from train, class by class."""
        rng = np.random.default_rng(CUT_SEED)
        label, test = self.arrays["label"], self.arrays["test"]
        held = []
        for one in np.unique(label):
            rows = np.flatnonzero((label == one) & ~test)
            size = min(max(1, round(VALIDATION * len(rows))), len(rows) - 1)
            held.append(rng.permutation(rows)[:size])
        validation = np.sort(np.concatenate(held))
        train = np.setdiff1d(np.flatnonzero(~test), validation)
        return {"train": train, "validation": validation, "test": np.flatnonzero(test)}

    def inputs(self, x: Tensor) -> Tensor:
        """Return what the model sees of x (T,B,I); by default all of it."""
        return x

    def rows(self, split: Split, rows: np.ndarray) -> Batch:
        """Make the batch of these rows of a split."""
        chosen = self.parts[split][rows]
        lengths = torch.from_numpy(self.arrays["lengths"][chosen])
        T = int(lengths.max())
        x = torch.from_numpy(self.arrays["x"][chosen, :T]).transpose(0, 1)
        asked = at_last_step(torch.from_numpy(self.arrays["label"][chosen]), lengths)
        same = bool((lengths == T).all())
        return Batch(self.inputs(x).contiguous(), *asked, None if same else lengths)

    def classes(self, input_size: int, output_size: int, lag: int, simple: Floor) -> Spec:
        """Ask for one of `output_size` classes, beside the most frequent and a simple answer."""
        return Spec(
            kind="classification",
            input_size=input_size,
            output_size=output_size,
            metrics=("accuracy",),
            floors=(self.frequent(),),
            baselines=(simple,),
            lag=lag,
        )

    def linear(self, features: Any, described: str) -> Floor:
        """Measure on test the accuracy of logistic regression on `features(x, lengths)`."""

        def fit() -> Arrays:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler

            table = features(self.arrays["x"], self.arrays["lengths"])
            label, parts = self.arrays["label"], self.parts
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
            model.fit(table[parts["train"]], label[parts["train"]])
            score = model.score(table[parts["test"]], label[parts["test"]])
            return {"accuracy": np.array(score)}

        linear = float(cached(f"{self.key}-linear", fit)["accuracy"])
        return Floor("accuracy", linear, f"logistic regression on {described}, fitted")

    def trivial_answer(self, batch: Batch) -> Tensor:
        """Answer the most frequent class of the training data."""
        answer = torch.eye(self.spec.output_size)[self.most_frequent()]
        return answer.expand(*batch.weight.shape, -1)

    def most_frequent(self) -> int:
        """Return the class that training has most of."""
        return int(np.bincount(self.arrays["label"][self.parts["train"]]).argmax())

    def frequent(self) -> Floor:
        """Measure on test the accuracy of one answer to everything."""
        value = float((self.arrays["label"][self.parts["test"]] == self.most_frequent()).mean())
        return Floor("accuracy", value, "always the most frequent class of the training data")

    def nearest(self) -> Floor:
        """Measure on test the class of the nearest training sequence, validation's too."""

        def measure() -> Arrays:
            x, label, test = (self.arrays[name] for name in ("x", "label", "test"))
            table = x.reshape(len(x), -1).astype(np.float32)
            found = label[~test][neighbours(table[~test], table[test])]
            return {"accuracy": np.array((found == label[test]).mean())}

        value = float(cached(f"{self.key}-nearest", measure)["accuracy"])
        return Floor("accuracy", value, "the nearest training sequence's class, all steps at once")


def held_out(label: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a test set: which rows (N,) of each class are the `each` that are in it."""
    test = np.zeros(len(label), dtype=bool)
    for one in np.unique(label):
        test[rng.permutation(np.flatnonzero(label == one))[:each]] = True
    return test


def reordered(x: Tensor) -> Tensor:
    """Put the steps of x (T,B,I) into one random order that is fixed for good."""
    return x[torch.from_numpy(np.random.default_rng(CUT_SEED).permutation(len(x)))]


def neighbours(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Find the row of `known` (N,F) that is the nearest to each of `asked` (M,F): (M,)."""
    squares = (known * known).sum(1)
    parts = np.split(asked, range(500, len(asked), 500))
    return np.concatenate([(squares - 2 * (part @ known.T)).argmin(1) for part in parts])
