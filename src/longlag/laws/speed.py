"""Whether a cell's step is compiled, and what that gains over the loop."""

import statistics
import time

import torch

from longlag.cells import Cell, Elman, LinearCell
from longlag.engine import unroll
from longlag.engine.compiled import compiled_step

B, I, H, T, TURNS = 32, 16, 64, 50, 5


def compiled_or_why_not(kind: type[Cell]) -> str:
    """Return one sentence: how many times as fast the compiled step is as the loop, or the reason.

    Where there is no compiled step, the gain of the simplest cell stands for what it would bring.
    """
    found = gain(kind)
    if isinstance(found, float):
        return f"compiled: {found:.1f} times as fast as the loop (T {T}, B {B}, H {H})"
    if issubclass(kind, LinearCell):
        return f"not compiled, so all its steps are one scan: {found}"
    usual = gain(Elman)
    like = "" if isinstance(usual, str) else f"; there an Elman is {usual:.1f} times slower"
    return f"not compiled, so it runs step by step on the loop: {found}{like}"


def gain(kind: type[Cell]) -> float | str:
    """Return how many times as fast as the loop a cell's compiled step is, or why there is none.

    Forward and backward are timed in turns, in CPU time on the threads that torch has.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cell, x = kind(I, H), torch.randn(T, B, I)
        step = compiled_step(cell, x)
        if isinstance(step, str):
            return step
        seconds: dict[str, list[float]] = {"loop": [], "compiled": []}
        for _ in range(TURNS + 1):
            for backend, taken in seconds.items():
                start = time.process_time()
                y = unroll(cell, x, backend=backend).y
                if y.requires_grad:
                    y.sum().backward()
                taken.append(time.process_time() - start)
    loop, compiled = (statistics.median(taken[1:]) for taken in seconds.values())
    return loop / compiled
