"""A list of laws, and what each says of one thing: whether it holds, and why not."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Verdict(NamedTuple):
    """The outcome of a law."""

    name: str  # the law, as a sentence
    ok: bool
    why: str  # what was seen; empty where it holds


class Laws(dict[str, Callable[[T], str]], Generic[T]):
    """Laws by their sentences: each a function that says what is wrong, or nothing.

    Args:
        let_through: errors that say nothing about the law, such as a missing package.
    """

    def __init__(self, *let_through: type[Exception]) -> None:
        super().__init__()
        self.let_through = let_through

    def law(self, check: Callable[[T], str]) -> Callable[[T], str]:
        """Add a law; its name is its function's, read as a sentence."""
        self[check.__name__.replace("_", " ")] = check
        return check

    def verdict_on(self, subject: T, name: str) -> Verdict:
        """Hold `subject` against one law; what cannot even be run breaks it."""
        try:
            why = self[name](subject)
        except self.let_through:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        return Verdict(name, not why, why)
