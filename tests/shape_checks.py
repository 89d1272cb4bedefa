"""How jaxtyping checks calls while tests run: all but what a cell's constructor refuses itself."""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float, as in typing


def but_for_constructors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the constructors of cells alone, whose own errors tests ask for."""
    own = function.__module__.startswith("longlag.cells") and function.__name__ == "__init__"
    return function if own else check(function)
