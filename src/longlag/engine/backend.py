"""The rule that names the backend `auto` stands for."""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor

from longlag.cells.base import Cell, LinearCell
from longlag.engine.compiled import CompiledStep, compiled_step, warn_once

BACKENDS = ("auto", "loop", "fused", "scan", "compiled")


def choose_backend(
    cell: Cell,
    x: Float[Tensor, "T B I"],
    *,
    resets: Bool[Tensor, "T B"] | None = None,
    taps: Any = None,
) -> str:
    """Name the backend that `auto` stands for: a rule, so that the same call has the same bits.

    The first that can serve of: the compiled step, the scan of a linear cell, the vendor's
    kernel, the loop.  The compiled step and the vendor's kernel hide single steps, so they take no
    taps and no resets.  No clock is read and no file: the answer depends on the cell, the type of
    its inputs and what is asked, never on the machine's load, its threads or an earlier run.

    The order is that of the times in results/speed: with one thread the compiled step was the
    fastest for every cell and size that it serves, but for the LSTM of 32 to 64 units, where the
    vendor's kernel was 5 to 11 % faster.  With two threads, on two busy cores, it stayed ahead of
    loop, scan and vendor's kernel at 22 of 25 sizes (B 20 to 64, H 32 to 512); so the number of
    threads has no say.
    """
    return resolve_backend("auto", cell, x, step_by_step=resets is not None or taps is not None)[0]


def resolve_backend(
    backend: str, cell: Cell, x: Float[Tensor, "T B I"], step_by_step: bool
) -> tuple[str, CompiledStep | None]:
    """Return the backend that is going to run, and the compiled step if it is that.

    Args:
        backend: one of `BACKENDS`.  Where `auto` or `compiled` ends at the loop, since the step
            cannot be compiled, a warning says so and why, once for each class.
        cell: the recurrence.
        x: the inputs.
        step_by_step: whether single steps are reset or tapped.

    Raises:
        ValueError: `compiled` is asked for single steps.
    """
    if backend == "compiled" and step_by_step:
        raise ValueError("backend 'compiled' takes no taps and no resets; use loop or auto")
    if backend not in ("auto", "compiled"):
        return backend, None
    step = "" if step_by_step else compiled_step(cell, x)
    if isinstance(step, CompiledStep):
        return "compiled", step
    if backend == "auto" and isinstance(cell, LinearCell):
        return "scan", None
    if backend == "auto" and cell.kernel() is not None and not step_by_step:
        return "fused", None
    if not step_by_step:
        warn_once(cell, step)
    return "loop", None
