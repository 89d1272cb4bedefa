"""What is written or sent of settings and errors tells no secret and no place of this machine.

A value counts as a secret by the name of its key, by a form that services give their keys, by
looking like chance, or by standing in a variable of the environment that is named like one.  In its
place stands `***` and four digits of its digest, so that two values are not taken for one.
"""

import hashlib
import math
import os
import platform
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMED = re.compile(
    r"(?:^|_)(?:api_?key|access_?key|private_?key|key|token|passwords?|passwd|secret|credentials?)$",
    re.IGNORECASE,
)
FORMS = re.compile(
    r"\b(?:sk|pk|rk)[-_][\w-]{12,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bhf_\w{20,}|\bxox[abeprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|(?<![\w/.])[0-9a-fA-F]{40}(?![\w.])"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"
)
GIVEN = re.compile(  # in a text: api_key=abc, 'password': 'abc'
    r"(?i)((?:\b|_)(?:api_?key|access_?key|token|passwords?|passwd|secret)['\"]?\s*[=:]\s*['\"]?)"
    r"([^\s'\",}]{4,})"
)
CHANCE = re.compile(r"(?<![\w/.+=-])[A-Za-z0-9+_=-]{32,}(?![\w/.+-])")
PLACE = re.compile(r'File "/[^"]*?/([^/"]+/[^/"]+)"')  # of a traceback
BITS = 4.0  # of each letter, at least, of a text that looks like chance


def told(value: Any, key: str = "", secrets: Sequence[str] | None = None) -> Any:
    """Return settings as they may be written.

    Args:
        value: plain containers.
        key: that holds it.
        secrets: of the environment; None: look for them.
    """
    secrets = secrets_around() if secrets is None else secrets
    if isinstance(value, dict):
        return {name: told(child, str(name), secrets) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [told(child, key, secrets) for child in value]
    if not isinstance(value, str) or not value or value.startswith("***"):
        return value
    if NAMED.search(key):
        return hidden(value)
    return near(value) if os.path.isabs(value) else discreet(value, secrets)


def told_override(word: str) -> str:
    """Return an override of a command line as it may be written."""
    name, equals, value = word.partition("=")
    return f"{name}{equals}{told(value, name.rpartition('.')[2])}"


def near(path: str) -> str:
    """Name a place from the working folder, or from the user's home."""
    whole, here, home = Path(path), Path.cwd(), Path.home()
    if not whole.is_relative_to(here) and whole.is_relative_to(home) and home != Path("/"):
        return f"~/{whole.relative_to(home)}"
    return os.path.relpath(whole, here)


def discreet(text: str, secrets: Sequence[str] | None = None) -> str:
    """Return a text, such as a traceback, without secrets, places and the name of the machine.

    Args:
        text: to be written.
        secrets: of the environment; None: look for them.
    """
    for value in secrets_around() if secrets is None else secrets:
        text = text.replace(value, hidden(value))
    text = GIVEN.sub(lambda found: found[1] + hidden(found[2]), text)
    text = FORMS.sub(lambda found: hidden(found[0]), text)
    text = CHANCE.sub(lambda found: hidden(found[0]) if is_chance(found[0]) else found[0], text)
    text = PLACE.sub(r'File "\1"', text)
    for place, name in ((Path.cwd(), "."), (Path.home(), "~")):
        if len(place.parts) > 1:
            text = re.sub(rf"{re.escape(str(place))}(?=[/\s'\":,]|$)", name, text)
    host = platform.node()
    return text.replace(host, "host") if len(host) > 5 else text


def secrets_around() -> list[str]:
    """List what variables of the environment hold that are named like secrets."""
    found = (v for name, v in os.environ.items() if NAMED.search(name) and len(v) >= 8)
    return sorted(found, key=len, reverse=True)


def is_chance(text: str) -> bool:
    """Tell whether letters look drawn: of every kind, and hardly one more often than another."""
    kinds = (str.isdigit, str.islower, str.isupper)
    if not all(any(map(kind, text)) for kind in kinds):
        return False
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts) >= BITS


def hidden(value: str) -> str:
    """Return what stands in a secret's place."""
    if value.startswith("***"):
        return value
    return f"***{hashlib.sha256(value.encode()).hexdigest()[:4]}"
