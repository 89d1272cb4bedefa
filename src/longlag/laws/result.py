"""What a law says of one thing: whether it holds, and why not."""

from typing import NamedTuple


class Verdict(NamedTuple):
    """The outcome of a law."""

    name: str  # the law, as a sentence
    ok: bool
    why: str  # what was seen; empty where it holds
