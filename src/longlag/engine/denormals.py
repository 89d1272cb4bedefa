"""Subnormal numbers, flushed to zero while a model is trained or examined."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def flush_denormals() -> Iterator[None]:
    """Flush subnormal numbers to zero in this thread, and in those it starts, then restore.

    A gradient that vanishes passes through float32's subnormal numbers (below 1.2e-38), on which a
    CPU takes some hundred cycles an operation: a vanilla RNN that fails then trains several times
    slower (`benchmarks/denormals.py`).  What is flushed lies 30 orders of magnitude below what
    changes a weight.  Where the CPU cannot flush, nothing changes.
    """
    before = flushing()
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def flushing() -> bool:
    """Tell whether this thread flushes subnormal numbers: torch does not, so one is tried."""
    return not torch.full((1,), 2.0**-130, dtype=torch.float32).mul(1.0).any().item()
