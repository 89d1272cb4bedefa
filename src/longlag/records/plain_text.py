"""Text that a stranger's file may hold, made harmless for a terminal and for a reader's eye."""

import re
from typing import Any

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LONGEST = 10_000  # letters of one text
ARRAY = re.compile(r"[\w.~/+-]{1,200}")


def harmless(value: Any) -> Any:
    """Return plain containers without what a terminal obeys or what turns the reading order.

    Args:
        value: as JSON holds it; keys are treated as texts are.
    """
    if isinstance(value, str):
        return OBEYED.sub("\N{REPLACEMENT CHARACTER}", value)[:LONGEST]
    if isinstance(value, dict):
        return {harmless(key): harmless(child) for key, child in value.items()}
    return [harmless(child) for child in value] if isinstance(value, list) else value


def refuse_names(names: Any) -> None:
    """Refuse names of arrays, or words of a curve, that longlag never writes.

    Raises:
        ValueError: the first of them.
    """
    for name in names:
        if not ARRAY.fullmatch(str(name)):
            raise ValueError(f"it holds the name {harmless(str(name))[:40]!r}, none of longlag's")
