"""The arguments of a task are refused in one line unless their types and ranges are right."""

import math
from dataclasses import fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints


def require(owner: str, **checks: tuple[Any, bool, str]) -> None:
    """Refuse an argument: name=(value, allowed?, what is allowed).

    Raises:
        ValueError: one that is not allowed, with what came and what was allowed.
    """
    for name, (value, allowed, rule) in checks.items():
        if not allowed:
            raise ValueError(f"{owner}: {name} must be {rule}, not {value!r}")


def require_types(task: Any) -> None:
    """Hold every field of a dataclass against its annotation.

    True is no number, 10.5 no whole one, and neither NaN nor infinity is a number at all.

    Raises:
        ValueError: the first field that is of another type.
    """
    hints = get_type_hints(type(task))
    for field in fields(task):
        value, rules = getattr(task, field.name), allowed_types(hints[field.name])
        known = all(kind in WORDS for kind in rules)
        rule = " or ".join(WORDS.get(kind, "") for kind in rules)
        fits = not known or any(matches(value, kind) for kind in rules)
        require(task.name, **{field.name: (value, fits, rule)})


WORDS = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a word"}
WORDS |= {NoneType: "null"}


def allowed_types(hint: Any) -> tuple[Any, ...]:
    """The types that an annotation allows; those of its values for a Literal."""
    if get_origin(hint) is Literal:
        return tuple({type(value) for value in get_args(hint)})
    return get_args(hint) or (hint,)


def matches(value: Any, kind: type) -> bool:
    """Whether `value` is of a type of `WORDS`."""
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def require_count(owner: str, **counts: int) -> None:
    """Refuse a number of things that is not a whole number of at least 1, such as a batch size."""
    for name, value in counts.items():
        whole = matches(value, int) and value >= 1
        require(owner, **{name: (value, whole, "a whole number of at least 1")})
