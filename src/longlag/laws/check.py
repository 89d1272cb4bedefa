"""Any cell or task, ours or a user's, held against its laws by a dotted path, told in a table."""

import importlib
import inspect
import statistics
import time

import torch
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from longlag.cells import Cell, Elman, LinearCell
from longlag.engine import unroll
from longlag.engine.compiled import compiled_step
from longlag.errors import LonglagError
from longlag.laws.cell import check_cell
from longlag.laws.task import check_task
from longlag.nn.references import Reference
from longlag.tasks import Task


def run_check(path: str) -> int:
    """Print what every law says of the class at `path`; 0 if all hold, 1 if one does not.

    Args:
        path: module and class, such as my_cells.Leaky or my_tasks.Parity.

    Raises:
        LonglagError: there is no such cell or task, or its arguments lack defaults.
    """
    kind = class_at(path)
    found = (
        check_cell(kind) if issubclass(kind, Cell) else check_task(task_with_defaults(path, kind))
    )
    table = Table("law", "", "what was seen", title=path, title_justify="left")
    for verdict in found:
        mark = "[green]holds[/]" if verdict.ok else "[red]broken[/]"
        table.add_row(verdict.name, mark, escape(verdict.why))
    console = Console()
    console.print(table)
    broken = sum(not verdict.ok for verdict in found)
    console.print(f"{path}: {len(found) - broken} of {len(found)} laws hold")
    if issubclass(kind, Cell) and not broken:
        console.print(compiled_or_why_not(kind), markup=False)
    return int(broken > 0)


def task_with_defaults(path: str, kind: type[Task]) -> Task:
    """Build a task of its default arguments.

    Raises:
        LonglagError: an argument has no default.
    """
    try:
        return kind()
    except TypeError as error:
        raise LonglagError(f"{path}(): {error}; give every argument a default") from None


def class_at(path: str) -> type[Cell] | type[Task]:
    """Return the cell or task class at a dotted path.

    Raises:
        LonglagError: the module or the class is missing, or is neither, with what to do.
    """
    module, _, name = path.rpartition(".")
    if not module or path.startswith("."):
        raise LonglagError(f"{path!r} is no dotted path: write module.Class, as my_cells.Leaky")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise LonglagError(
            f"{path}: there is no module {error.name}; run the command beside its file, "
            "or install it"
        ) from None
    if found is None:
        raise LonglagError(f"{path}: the module {module} has no {name}")
    if inspect.isclass(found) and issubclass(found, Reference):
        raise LonglagError(
            f"{path} has no recurrence, so no law of a cell speaks of it; check a cell or a task"
        )
    if not (inspect.isclass(found) and issubclass(found, Cell | Task)):
        raise LonglagError(
            f"{path} is no cell and no task: derive it from longlag.cells.Cell or "
            "longlag.tasks.Task"
        )
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise LonglagError(f"{path} is not whole: write its {missing}")
    if issubclass(found, Task):
        return found
    try:
        inspect.signature(found).bind(2, 4)
    except TypeError as error:
        raise LonglagError(
            f"{path}(2, 4): {error}; a cell is built from input_size and hidden_size alone, "
            "so give every further argument a default"
        ) from None
    return found


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
