"""The little that text may hold: `code`, *stress* and [n]; every writer says how it looks."""

import re
from collections.abc import Callable
from typing import NamedTuple

MARK = re.compile(r"`([^`]+)`|\*(\S[^*]*?)\*(?!\w)|\[(\d+)\](?!\d)")


class Look(NamedTuple):
    """How a writer sets plain text and the three marks."""

    plain: Callable[[str], str]
    code: Callable[[str], str]
    stress: Callable[[str], str]
    reference: Callable[[str], str]


def marked(text: str, look: Look) -> str:
    """Set the marks of `text`."""
    parts, end = [], 0
    for match in MARK.finditer(text):
        parts.append(look.plain(text[end : match.start()]))
        code, stress, reference = match.groups()
        if code is not None:
            parts.append(look.code(code))
        elif stress is not None:
            parts.append(look.stress(stress))
        else:
            parts.append(look.reference(reference))
        end = match.end()
    return "".join([*parts, look.plain(text[end:])])
