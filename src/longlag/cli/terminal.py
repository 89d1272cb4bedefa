"""What every command prints to: words as they are, so that no markup in a record is followed."""

from typing import Any

from rich.console import Console


def console(**more: Any) -> Console:
    """Make a console that takes nothing in a text for markup, an emoji or a number to be coloured.

    Args:
        more: of rich's Console, such as stderr.
    """
    return Console(highlight=False, markup=False, emoji=False, **{"soft_wrap": True, **more})
