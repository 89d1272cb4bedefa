"""Make docstrings ready for the site, as an extension of griffe.

Their equations are marked, to be typeset, and the fields of a tuple get what their comments say.
"""

import re
from typing import Any

import griffe

# An indented block after an empty line; the equations of a class are its first one.
BLOCK = re.compile(r"(?:^ {4,}\S.*\n?)(?:^(?: {4,}.*)?\n?)*", re.MULTILINE)
SHOWN = ("longlag.cells", "longlag.nn")
FIELD = re.compile(r"^    (\w+): (.+?)(?: = .+?)?(?:  # (.+))?$", re.MULTILINE)


class Equations(griffe.Extension):
    """Rewrite the docstrings of classes."""

    def on_class_instance(self, *, cls: griffe.Class, **_: Any) -> None:
        """Mark its equations and tell of its fields."""
        if cls.docstring and cls.path.startswith(SHOWN):
            cls.docstring.value = fenced(cls.docstring.value)
        if cls.docstring and any(str(base) == "NamedTuple" for base in cls.bases):
            cls.docstring.value += fields("\n".join(cls.lines))


def fields(source: str) -> str:
    """Return the section of a docstring that tells of the fields of a NamedTuple."""
    lines = [f"    {name} ({kind}): {said}" for name, kind, said in FIELD.findall(source)]
    return "\n".join(["", "", "Attributes:", *lines])


def fenced(text: str) -> str:
    """Fence the blocks that stand before the first section of a docstring."""
    head, section, rest = re.split(
        r"(^(?:Args|Attributes|Raises):$|\Z)", text, maxsplit=1, flags=re.MULTILINE
    )
    return BLOCK.sub(fence, head) + section + rest


def fence(block: re.Match[str]) -> str:
    """Fence one block if it holds an equation."""
    lines = [line[4:] for line in block[0].rstrip().splitlines()]
    if not any(re.search(r"\s(=|~)\s", line) for line in lines):
        return block[0]
    return "\n".join(["```equations", *lines, "```", "", ""])
