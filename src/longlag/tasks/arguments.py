"""Arguments are refused in one line unless their types and ranges are right."""

import math
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType, NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

LENIENT = ConfigDict(arbitrary_types_allowed=True)
WORDS = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a text"}
WORDS |= {NoneType: "null"}


def require(owner: str, **checks: tuple[Any, bool, str]) -> None:
    """Refuse an argument: name=(value, allowed?, what is allowed).

    Raises:
        ValueError: one that is not allowed, with what came and what was allowed.
    """
    for name, (value, allowed, rule) in checks.items():
        if not allowed:
            raise ValueError(f"{owner}: {name} must be {rule}, not {value!r}")


def at_least(**bounds: float) -> Mapping[str, float]:
    """Bound arguments from below, each by its name, for `Task.minimum`."""
    return MappingProxyType(bounds)


def require_types(task: Any) -> None:
    """Hold every field of a dataclass against its annotation.

    Raises:
        ValueError: the first field that is of another type.
    """
    hints = get_type_hints(type(task))
    for field in fields(task):
        value, hint = getattr(task, field.name), hints[field.name]
        require(task.name, **{field.name: (value, fits(value, hint), in_words(hint))})


def require_count(owner: str, **counts: int) -> None:
    """Refuse a number of things that is not a whole number of at least 1, such as a batch size."""
    for name, value in counts.items():
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        require(owner, **{name: (value, whole, "a whole number of at least 1")})


def fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type; any is, of one that cannot be checked.

    Nothing is converted: a text or true is no number, 10.0 no whole one, and neither NaN nor
    infinity is a number at all.
    """
    try:
        taken = TypeAdapter(hint, config=LENIENT).validate_python(value)
    except ValidationError:
        return False
    except Exception:  # any: a type that pydantic does not know
        return True
    if not isinstance(value, str | bool | int | float):
        return True
    if isinstance(taken, float) and not math.isfinite(taken):
        return False
    same = isinstance(value, type(taken)) or isinstance(taken, float)
    return same and taken == value and isinstance(taken, bool) == isinstance(value, bool)


def in_words(hint: Any) -> str:
    """Say a type as a person does."""
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    parts = get_args(hint) or (hint,)
    if get_origin(hint) in (list, tuple, dict) or not all(part in WORDS for part in parts):
        return str(hint).replace("typing.", "")
    return " or ".join(WORDS[part] for part in parts)
