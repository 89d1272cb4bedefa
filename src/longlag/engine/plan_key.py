"""What a compiled plan was made from, so that a changed option never meets an old plan."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

PLAIN = (int, float, complex, str, bytes, bool, type(None))
OWN = frozenset(vars(nn.Module()))  # what every module has: weights are read anew at each call


def plan_key(cell: nn.Module) -> tuple[Any, ...]:
    """Return every attribute that the step of `cell` could read, and those of its modules.

    Weights enter by name, shape and type alone: their values are an input of the plan.  Numbers,
    text and anything built of them enter by value, a tensor that is no parameter and no buffer by
    identity and version, any other object by its own attributes or, failing that, by identity.
    The key holds what it names, so an identity is never given to a second object.
    """
    found: list[Any] = [
        (name, tuple(t.shape), t.dtype)
        for named in (cell.named_parameters(), cell.named_buffers())
        for name, t in named
    ]
    for module in cell.modules():
        found.append(type(module))
        found += [
            (name, _frozen(value, ()))
            for name, value in vars(module).items()
            if name not in OWN or name == "training" or (value and "hook" in name)
        ]
    return tuple(found)


def _frozen(value: Any, above: tuple[int, ...]) -> Any:
    """Return a hashable stand-in for `value`, which differs where the value does."""
    kind = type(value)
    if kind is float:
        return kind, repr(value)  # nan is not nan, and 0.0 is -0.0
    if kind in PLAIN:
        return kind, value
    if id(value) in above:
        return "above", above.index(id(value))
    above = (*above, id(value))
    if isinstance(value, Tensor):
        return _Same(value), None if value.is_inference() else value._version
    if isinstance(value, np.ndarray):
        return "array", value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, list | tuple):
        return kind, *(_frozen(item, above) for item in value)
    if isinstance(value, set | frozenset):
        return kind, frozenset(_frozen(item, above) for item in value)
    if isinstance(value, Mapping):
        return kind, *((_frozen(k, above), _frozen(v, above)) for k, v in value.items())
    if isinstance(value, nn.Module) or not hasattr(value, "__dict__") or callable(value):
        return _Same(value)
    return _Same(value), *((k, _frozen(v, above)) for k, v in vars(value).items())


class _Same:
    """Equal to another that holds the very same object."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)
