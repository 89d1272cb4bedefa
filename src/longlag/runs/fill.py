"""The few values in which runs differ, filled into settings that were composed once for all.

OmegaConf takes ten milliseconds for it, and a study has thousands of runs.  Numbers and words are
filled in here, and what refers to them as a whole, as `${seed}` does; anything else is left to it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from omegaconf import OmegaConf

PATH = tuple[str | int, ...]
WHOLE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.\w+)*)\}")  # and not a part of a text, nor a resolver
PLAIN = (int, float, str, type(None))  # bool is an int


class Settings(NamedTuple):
    """Settings as plain containers, interpolations as they are written."""

    values: dict[str, Any]
    references: tuple[tuple[PATH, PATH], ...] | None  # where, and to what; None: not to be followed

    @classmethod
    def of(cls, values: Any) -> "Settings":
        """Read composed settings."""
        plain = OmegaConf.to_container(values, resolve=False)
        assert isinstance(plain, dict)
        return cls.of_plain({str(name): value for name, value in plain.items()})

    @classmethod
    def of_plain(cls, values: dict[str, Any]) -> "Settings":
        """Look for what refers to other settings."""
        found = []
        for path, text in texts(values):
            if "${" in text:
                whole = WHOLE.fullmatch(text)
                if whole is None:
                    return cls(values, None)
                found.append((path, tuple(whole[1].split("."))))
        return cls(values, tuple(found))

    def fill(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings with values by dotted key, and every interpolation followed.

        Raises:
            OmegaConfBaseException: a key that cannot be, or a reference to nothing.
        """
        if self.references is not None and all(map(self.has_place, changes, changes.values())):
            filled = copy_of(self.values)
            for name, value in changes.items():
                *way, last = name.split(".")
                at(filled, tuple(way))[last] = value
            try:
                found = [(path, at(filled, target)) for path, target in self.references]
            except (KeyError, TypeError):
                return self.fill_slowly(changes)  # which says what is wrong
            if all(isinstance(value, PLAIN) and not is_special(value) for _, value in found):
                for (*way, last), value in found:
                    at(filled, tuple(way))[last] = value
                return filled
        return self.fill_slowly(changes)

    def has_place(self, name: str, value: Any) -> bool:
        """Tell whether a dotted key names a number or a text, and is given one."""
        try:
            old = at(self.values, tuple(name.split(".")))
        except (KeyError, TypeError):
            return False
        return all(isinstance(each, PLAIN) and not is_special(each) for each in (old, value))

    def fill_slowly(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Have OmegaConf do it."""
        values = OmegaConf.create(self.values)
        for name, value in changes.items():
            OmegaConf.update(values, name, value)
        OmegaConf.resolve(values)
        plain = OmegaConf.to_container(values, resolve=True)
        assert isinstance(plain, dict)
        return {str(name): value for name, value in plain.items()}


def is_special(value: Any) -> bool:
    """Tell whether OmegaConf reads more into a value: a reference, or that it is missing."""
    return isinstance(value, str) and ("${" in value or value == "???")


def at(values: Any, path: PATH) -> Any:
    """Return what lies at a path.

    Raises:
        KeyError, TypeError: nothing does.
    """
    for part in path:
        values = values[part]
    return values


def texts(values: Any, path: PATH = ()) -> Iterator[tuple[PATH, str]]:
    """Yield every text and where it lies."""
    if isinstance(values, str):
        yield path, values
    elif isinstance(values, dict | list):
        for name, child in values.items() if isinstance(values, dict) else enumerate(values):
            yield from texts(child, (*path, name))


def copy_of(values: Any) -> Any:
    """Copy plain containers; what they hold is never changed in place."""
    if isinstance(values, dict):
        return {name: copy_of(child) for name, child in values.items()}
    return [copy_of(child) for child in values] if isinstance(values, list) else values
