"""`longlag show task=temporal_order`: one example that a reader can follow."""

import argparse

from longlag.runs.config import resolve


def run(arguments: argparse.Namespace) -> int:
    """Draw the first training sequence of the seed."""
    config = resolve(arguments.words, arguments.config_dir)
    from longlag.runs.instantiate import build
    from longlag.tasks.show import show

    print(show(build(config.values.task), config.values.seeds.data))
    return 0
