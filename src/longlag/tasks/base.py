"""What a recurrence is asked to do: streams of batches that depend on nothing but their seed."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Float, Integer, Num
from torch import Generator, Tensor

from longlag.tasks.arguments import (
    at_least,
    require,
    require_count,
    require_types,
)

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
LADDER = (50, 100, 200, 400, 750, 1000, 2000)  # lengths that the memory horizon is read off at


class Batch(NamedTuple):
    """Sequences, what is wanted of them, and how much each step counts."""

    x: Float[Tensor, "T B I"]
    target: Num[Tensor, "T B *D"]  # class ids (T,B), or numbers (T,B,D)
    weight: Float[Tensor, "T B"]  # of each step in the loss; 0: not asked there
    lengths: Integer[Tensor, "B"] | None = None  # None: all sequences are T steps long
    scored: Bool[Tensor, "T B"] | None = None  # the steps that metrics look at; None: weight > 0


class Solved(NamedTuple):
    """A success criterion: `metric` on validation at least (or at most) `threshold`."""

    metric: str
    threshold: float
    source: str  # paper, section and rule; or that it is longlag's own
    published: bool = False  # whether the paper that `source` names states this very rule

    def is_met_by(self, metrics: dict[str, float]) -> bool:
        """Tell whether `metrics` meet it; NaN never does."""
        value = metrics[self.metric]
        return value >= self.threshold if rises(self.metric) else value <= self.threshold


class Floor(NamedTuple):
    """The `metric` of a simple answer, and which answer it is and how it is known."""

    metric: str
    value: float
    why: str


class Spec(NamedTuple):
    """What a task asks, at its arguments."""

    kind: Literal["classification", "regression", "multilabel"]
    input_size: int  # I
    output_size: int  # D: classes, or numbers to predict, at a step
    metrics: tuple[str, ...]  # the first one is the score
    floors: tuple[Floor, ...]  # of answers that ignore the past; the first one is of the score
    baselines: tuple[Floor, ...] = ()  # of strong simple answers that may use the past
    solved: Solved | None = None  # the success criterion, if there is one
    constant: float | None = None  # the first floor's answer, a number or class, if it is one
    tolerance: float = 0.04  # of the metric "within": how far off each output may be
    lag: int | None = None  # steps from the earliest thing that matters to the answer, at most
    symbols: tuple[str, ...] = ()  # what each input channel stands for, where x is one-hot
    answers: tuple[str, ...] = ()  # what each class, or label, stands for


def rises(metric: str) -> bool:
    """Tell whether a larger value of `metric` is better."""
    return metric in ("accuracy", "sequence_accuracy", "successors_first", "within")


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """Base of every task: a frozen dataclass of its arguments.

    A subclass writes `define` and `sample`, and `minimum` or `check` where an argument has a range;
    types are held against the annotations.  Batch k of a split is then a pure function of the name,
    the version, the arguments, the split, the seed and k.  Raise `version` whenever `sample` draws
    other numbers than before, or a floor is another one.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    source: ClassVar[str]  # paper and section
    ladder: ClassVar[tuple[int, ...]] = ()  # lengths that its memory horizon is read off at
    minimum: ClassVar[Mapping[str, float]] = (
        at_least()
    )  # the least value of an argument, by its name
    few: ClassVar[str] = ""  # why splits share sequences, where few are different

    def __post_init__(self) -> None:
        require_types(self)
        for name, least in self.minimum.items():
            value = getattr(self, name)
            require(self.name, **{name: (value, value >= least, f"at least {least}")})
        self.check()

    def check(self) -> None:  # noqa: B027 - most tasks have nothing more to refuse
        """Refuse arguments that `minimum` allows and that cannot be, by `require`."""

    @cached_property
    def spec(self) -> Spec:
        """Return what the task asks, at its arguments."""
        return self.define()

    @abstractmethod
    def define(self) -> Spec:
        """Say sizes, metrics, floors and the criterion."""

    @abstractmethod
    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw a batch of independent sequences from `rng`, and from nothing else."""

    def trivial_answer(self, batch: Batch) -> Float[Tensor, "T B D"] | None:
        """Answer every step of a batch as the first floor does, to be scored as a model is.

        Returns:
            Numbers, or logits; None where the floor is not known as an answer to a batch.
        """
        constant, shape = self.spec.constant, (*batch.weight.shape, self.spec.output_size)
        if constant is None:
            return None
        if self.spec.kind == "regression":
            return torch.full(shape, constant)
        return torch.eye(self.spec.output_size)[int(constant)].expand(shape)

    def evaluated(self) -> "Task":
        """Return the task that validation and test draw from: this one, or one of longer words."""
        return self

    def at(self, length: int) -> "Task":
        """Return this task at another length: a rung of a ladder, or a point of a curve.

        Raises:
            ValueError: the task has no argument `length`, or does not allow this one.
        """
        scalable = any(field.name == "length" for field in fields(self))
        require(self.name, length=(length, scalable, "left alone: its data fix it"))
        changed: dict[str, Any] = {"length": length}
        return replace(self, **changed)

    def batch(self, split: Split, seed: int, k: int, batch_size: int) -> Batch:
        """Draw batch k of a split, whatever was drawn before."""
        require_count(self.name, batch_size=batch_size)
        drawn = self if split == "train" else self.evaluated()
        return drawn.sample(batch_size, self.generator(split, seed, k))

    def evaluation(self, split: Split, seed: int, size: int, batch_size: int) -> Iterator[Batch]:
        """Yield the `size` sequences that `split` is scored on, in batches."""
        require_count(self.name, size=size, batch_size=batch_size)
        for k, start in enumerate(range(0, size, batch_size)):
            yield self.batch(split, seed, k, min(batch_size, size - start))

    def generator(self, *key: Any) -> Generator:
        """Make a random stream of its own for every name, version, arguments and `key`."""
        arguments = {f.name: getattr(self, f.name) for f in fields(self)}
        text = repr((self.name, self.version, sorted(arguments.items()), key)).encode()
        digest = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1
        return Generator().manual_seed(digest)


@dataclass(frozen=True, kw_only=True)
class Windows(Task):
    """Base of tasks whose sequences are windows of series that are there already."""

    @abstractmethod
    def draw(self, split: Split, batch_size: int, rng: Generator) -> Batch:
        """Draw windows at uniform places of a split's series."""

    def batch(self, split: Split, seed: int, k: int, batch_size: int) -> Batch:
        """Draw windows of a split, at places that its own stream gives."""
        return self.draw(split, batch_size, self.generator(split, seed, k))

    def sample(self, batch_size: int, rng: Generator) -> Batch:
        """Draw windows of the training series."""
        return self.draw("train", batch_size, rng)


def guessed(classes: int, what: str, **asked: Any) -> Spec:
    """Ask for one of equally likely classes, which nobody knows without the past.

    Args:
        classes: how many.
        what: they are, in the plural.
        asked: further fields of the `Spec`, or others than these.
    """
    guess = f"guess one of {classes} {what}"
    floors = Floor("accuracy", 1 / classes, guess), Floor("loss", math.log(classes), guess)
    known = {"kind": "classification", "output_size": classes, "floors": floors, "constant": 0}
    return Spec(**known | asked)


def encode(seen: Tensor, size: int) -> Tensor:
    """Turn symbols (T,B) into one-hot rows (T,B,size); `size` itself stands for nothing, zeros."""
    return torch.eye(size + 1, size)[seen]


def at_last_step(target: Tensor, lengths: int | Tensor) -> tuple[Tensor, Tensor]:
    """Ask for `target` (B,*D) at each sequence's last step: (T,B,*D) view, weight (T,B)."""
    ends = torch.as_tensor(lengths).expand(len(target))
    step = torch.arange(1, int(ends.max()) + 1)[:, None]
    return target.expand(len(step), *target.shape), (step == ends).float()


Own = TypeVar("Own", bound="LongerInTest")


@dataclass(frozen=True, kw_only=True)
class LongerInTest(Task):
    """Base of tasks on words: their sizes from `shortest` to `length` in training, then greater.

    Validation and test have sizes from `length` + 1 to `beyond` (0: as in training).

    Args:
        shortest: the least size in training.
        length: the greatest size in training.
        beyond: the greatest size in validation and test.
    """

    shortest: int = 1
    length: int
    beyond: int

    def check(self) -> None:
        """Refuse what is no range."""
        length, longer = self.length, self.beyond == 0 or self.beyond > self.length
        require(
            self.name,
            shortest=(self.shortest, 1 <= self.shortest <= length, f"1 to {length}"),
            beyond=(self.beyond, longer, f"0, or more than {length}"),
        )

    def evaluated(self: Own) -> Own:
        """Return the task with words longer than any in training."""
        if self.beyond == 0:
            return self
        return replace(self, shortest=self.length + 1, length=self.beyond, beyond=0)

    def at(self: Own, length: int) -> Own:
        """Return the task with words of exactly this size, in training and evaluation alike."""
        return replace(self, shortest=length, length=length, beyond=0)
