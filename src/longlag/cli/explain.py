"""`longlag explain lstm`: the worked example of a tutorial, by the equations."""

import argparse

from longlag.cli.main import one
from longlag.errors import LonglagError, did_you_mean

CELLS = ["lstm", "rnn", "gru"]


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    name = one(arguments, "one of lstm, rnn and gru")
    if name not in CELLS:
        raise LonglagError(
            f"unknown cell {name!r}{did_you_mean(name, CELLS)}; allowed: {', '.join(CELLS)}"
        )
    from longlag.probes import worked_example

    return worked_example.run(name)
