"""Whether a cell's step is compiled, and what that gains over the loop."""

import statistics
import time

import torch

from longlag.cells.base import Cell
from longlag.engine import unroll
from longlag.engine.compiled import compiled_step

B, I, H, T, TURNS = 32, 16, 64, 50, 5


def compiled_or_why_not(kind: type[Cell]) -> str:
    """Return one sentence: how many times as fast the compiled step is as the loop, or the reason.

    Forward and backward are timed in turns, in CPU time on the threads that torch has.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cell, x = kind(I, H), torch.randn(T, B, I)
        step = compiled_step(cell, x)
        if isinstance(step, str):
            return f"not compiled, so it runs step by step on the loop: {step}"
        seconds: dict[str, list[float]] = {"loop": [], "compiled": []}
        for _ in range(TURNS + 1):
            for backend, taken in seconds.items():
                start = time.process_time()
                y = unroll(cell, x, backend=backend).y
                if y.requires_grad:
                    y.sum().backward()
                taken.append(time.process_time() - start)
    loop, compiled = (statistics.median(taken[1:]) for taken in seconds.values())
    return f"compiled: {loop / compiled:.1f} times as fast as the loop (T {T}, B {B}, H {H})"
