"""`longlag check my_cells.Leaky`: the laws that the built-in cells pass, on a class of your own."""

import argparse

from longlag.cli.main import one


def run(arguments: argparse.Namespace) -> int:
    """Print a verdict a law; 1 if one is broken."""
    path = one(arguments, "a module and a class, such as my_cells.Leaky or my_tasks.Parity")
    from longlag.laws import check

    return check.run_check(path)
