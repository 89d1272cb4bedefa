"""Errors that a user can mend: one line that says what came, what was allowed and what to do."""

import importlib
from types import ModuleType


class LonglagError(Exception):
    """Printed as one line by the command line, which then exits with status 2."""


def need(module: str, package: str, extra: str) -> ModuleType:
    """Import an optional module, or say how to get it.

    Args:
        module: its import name.
        package: its name in the registry.
        extra: longlag's extra that installs it.

    Raises:
        LonglagError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise LonglagError(
            f"the package {package} is not installed: run `pip install 'longlag[{extra}]'`"
        ) from None
