"""Words that are longer in validation and test than any in training."""

from dataclasses import dataclass, replace
from typing import TypeVar

from longlag.tasks.base import Task, require

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
