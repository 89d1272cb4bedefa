"""Mark the equations of docstrings, so that the site typesets them: an extension of griffe."""

import re
from typing import Any

import griffe

# An indented block after an empty line; the equations of a class are its first one.
BLOCK = re.compile(r"(?:^ {4,}\S.*\n?)(?:^(?: {4,}.*)?\n?)*", re.MULTILINE)
SHOWN = ("longlag.cells", "longlag.nn")


class Equations(griffe.Extension):
    """Fence the indented blocks of cells and layers as `equations`."""

    def on_class_instance(self, *, cls: griffe.Class, **_: Any) -> None:
        """Rewrite the docstring of a class."""
        if cls.docstring and cls.path.startswith(SHOWN):
            cls.docstring.value = fenced(cls.docstring.value)


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
