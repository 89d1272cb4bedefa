"""The arguments of what a config builds, held against the names and types of its constructor."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from longlag.errors import LonglagError, did_you_mean
from longlag.runs.identity import import_target
from longlag.tasks.arguments import fits, in_words

PARTIAL = ("cell", "optim", "logger", "executor")  # and all in model: longlag gives the rest


def check_arguments(values: Mapping[str, Any]) -> None:
    """Refuse arguments that a `_target_` does not take, by name or by type.

    Args:
        values: plain containers.

    Raises:
        LonglagError: the first of them, with what the target takes.
    """
    for place, part in built_parts(values):
        target = import_target(part["_target_"])
        if needs_more(place) and not part.get("_partial_"):
            raise LonglagError(
                f"{place}: longlag gives {part['_target_']} its other arguments, such as sizes: "
                f"add the line `_partial_: true` to its yaml in conf/{place.partition('.')[0]}"
            )
        if not callable(target):
            raise LonglagError(f"{place}: {part['_target_']} is no class and no function")
        check_call(place, target, {k: v for k, v in part.items() if not k.startswith("_")})
    from longlag.nn.model import Model

    given = {k: v for k, v in values["model"].items() if k != "hidden_size"}  # may be found
    check_call("model", Model, given)


def needs_more(place: str) -> bool:
    """Tell whether longlag calls what stands at a place with further arguments."""
    return place in PARTIAL or place.startswith("model.") or place.endswith(".cell")


def built_parts(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """List every part with a `_target_`, and its dotted place."""
    for key, child in values.items():
        if isinstance(child, Mapping):
            where = f"{place}{key}"
            if isinstance(child.get("_target_"), str):
                yield where, child
            yield from built_parts(child, f"{where}.")


def check_call(place: str, target: Any, given: Mapping[str, Any]) -> None:
    """Hold keyword arguments against a signature.

    Raises:
        LonglagError: one that it does not take.
    """
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):  # a builtin that does not tell
        return
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    allowed = [f"{place}.{p.name}" for p in parameters.values() if p.kind in named]
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    types = annotations(target)
    for name, value in given.items():
        key = f"{place}.{name}"
        if name not in parameters and not anything:
            raise LonglagError(
                f"unknown key {key!r}{did_you_mean(key, allowed)}; {target.__name__} takes "
                f"{', '.join(allowed) or 'no arguments'}"
            )
        if name in types and not holds_target(value) and not fits(value, types[name]):
            raise LonglagError(f"{key} must be {in_words(types[name])}, not {value!r}")


def annotations(target: Any) -> dict[str, Any]:
    """Read the types of a constructor's or function's arguments; empty if they are unknown."""
    try:
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
        return hints or (get_type_hints(target) if inspect.isclass(target) else {})
    except Exception:  # any: annotations of a stranger's module may name anything
        return {}


def holds_target(value: Any) -> bool:
    """Tell whether a value is built from a `_target_` first."""
    return isinstance(value, Mapping) and "_target_" in value
