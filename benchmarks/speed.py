"""How fast each cell trains on each backend, beside the vendor's kernel and other packages.

    OMP_NUM_THREADS=1 python benchmarks/speed.py [--smoke] [--out results/speed]

One pass is forward and backward over T steps on one thread.  All contenders of a row take turns
in one process, each after a pass of its own that is not timed, as in training; a figure is the
median over the turns, in microseconds of CPU time a step (which other processes on the machine
disturb less than time on the wall).  Freed memory is kept, as in every training process of longlag,
for all contenders alike, unless --give-back says otherwise.
"""

import argparse
import gc
import importlib
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from longlag import cells
from longlag.cells import Cell, LinearCell
from longlag.engine import choose_backend, unroll
from longlag.engine.compiled import can_compile
from longlag.runs.malloc import keep_memory
from longlag.runs.provenance import machine

SIZES = ((64, 128), (32, 64), (32, 47), (20, 32))  # B, H (and I = H); 47 fills no whole vectors
STEPS = 100
LENGTHS = (250, 500, 1000, 2000, 4000)
VENDOR = {"LSTM": nn.LSTM, "GRU": nn.GRU, "Elman": nn.RNN}
Pass = Callable[[], None]


def built_in() -> list[type[Cell]]:
    """Every cell of longlag that its two sizes suffice to build."""
    found = [vars(cells)[name] for name in cells.__all__]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, Cell)]
    return [kind for kind in kinds if not kind.__abstractmethods__]


def training_pass(module: nn.Module, output: Callable[[], torch.Tensor]) -> Pass:
    """Forward and backward of `module`, whose output over all steps is `output()`."""

    def run() -> None:
        module.zero_grad()
        output().sum().backward()

    return run


def contenders(kind: type[Cell], x: torch.Tensor, hidden: int) -> dict[str, Pass]:
    """Everything that computes this cell: our backends, torch's module, torchrecurrent's."""
    cell = kind(x.shape[-1], hidden)
    names = ["loop"] + ["compiled"] * can_compile(cell, x) + ["fused"] * (cell.kernel() is not None)
    names += ["scan"] * isinstance(cell, LinearCell)
    for name in names:  # what is timed as a backend is what ran
        ran = unroll(cell, x[:2], backend=name).backend
        if ran != name:
            raise RuntimeError(f"{kind.__name__}: {name} was asked for and {ran} ran")
    passes = {
        name: training_pass(cell, lambda name=name: unroll(cell, x, backend=name).y)
        for name in names
    }
    if kind.__name__ in VENDOR:
        module = VENDOR[kind.__name__](x.shape[-1], hidden)
        passes["torch.nn"] = training_pass(module, lambda: module(x)[0])
    if peer := torchrecurrent(kind.__name__):
        other = peer(x.shape[-1], hidden)
        passes["torchrecurrent"] = training_pass(other, lambda: other(x)[0])
    return passes


def torchrecurrent(name: str) -> Any:
    """Make the layer of that name of the extra `peers`, if it is installed and has it."""
    try:
        return getattr(importlib.import_module("torchrecurrent"), name, None)
    except ModuleNotFoundError:
        return None


def measure(passes: dict[str, Pass], turns: int, steps: int) -> dict[str, float]:
    """Median microseconds a step of each, one after the other, `turns` times."""
    seconds: dict[str, list[float]] = {name: [] for name in passes}
    for run in passes.values():
        run()
    gc.disable()
    for _ in range(turns):
        for name, run in passes.items():
            run()  # what another contender left in the caches is nobody's cost
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    gc.enable()
    return {name: 1e6 * statistics.median(s) / steps for name, s in seconds.items()}


def speed(turns: int, sizes: tuple[tuple[int, int], ...], steps: int) -> list[dict[str, Any]]:
    """One row for each cell and size."""
    rows = []
    for kind in built_in():
        for B, H in sizes:
            x = torch.randn(steps, B, H, generator=torch.Generator().manual_seed(0))
            times = measure(contenders(kind, x, H), turns, steps)
            row = {"cell": kind.__name__, "batch": B, "hidden": H, "microseconds": times}
            rows.append(row | {"auto": choose_backend(kind(H, H), x)})
            print(f"{kind.__name__} {B} {H}", flush=True)
    return rows


def growth(lengths: tuple[int, ...], turns: int) -> list[dict[str, Any]]:
    """Time and saved memory of the compiled LSTM against T: both should be straight lines."""
    rows = []
    for T in lengths:
        cell, x = cells.LSTM(32, 32), torch.randn(T, 20, 32)
        run = training_pass(cell, lambda cell=cell, x=x: unroll(cell, x, backend="compiled").y)
        times = measure({"compiled": run}, turns, T)
        sizes: dict[int, int] = {}

        def note(saved: torch.Tensor, sizes: dict[int, int] = sizes) -> torch.Tensor:
            store = saved.untyped_storage()
            sizes[store.data_ptr()] = store.nbytes()
            return saved

        with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
            y = unroll(cell, x, backend="compiled").y
        rows.append(
            {"T": T, "microseconds": times["compiled"], "saved_mb": sum(sizes.values()) / 1e6}
        )
        del y
    return rows


def text(found: dict[str, Any]) -> str:
    """Write the tables, in Markdown."""
    columns = ["compiled", "loop", "fused", "scan", "torch.nn", "torchrecurrent"]
    lines = [
        "# Speed",
        "",
        f"Forward and backward, T = {found['steps']}, I = H, float32, one thread, CPU time in us a "
        f"step (median of {found['turns']} turns); {found['machine']['machine']['isa']}, torch "
        f"{found['machine']['versions']['torch']}, commit {found['machine']['git']['commit']}.",
        "The last column is compiled over torch.nn in the same run (below 1: ours is faster).",
        "",
        "| cell | B | H | " + " | ".join(columns) + " | compiled / torch.nn |",
        "|---|---:|---:|" + "---:|" * (len(columns) + 1),
    ]
    for row in found["speed"]:
        times = row["microseconds"]
        shown = [f"{times[name]:.1f}" if name in times else "" for name in columns]
        both = "compiled" in times and "torch.nn" in times
        ratio = f"{times['compiled'] / times['torch.nn']:.2f}" if both else ""
        sizes = f"{row['cell']} | {row['batch']} | {row['hidden']}"
        lines.append(f"| {sizes} | {' | '.join(shown)} | {ratio} |")
    lines += ["", "LSTM, compiled, B = 20, H = 32: linear in T.", ""]
    lines += ["| T | microseconds a step | saved for backward, MB | MB per 1000 steps |"]
    lines += ["|---:|---:|---:|---:|"]
    for row in found["growth"]:
        per = 1000 * row["saved_mb"] / row["T"]
        saved = f"{row['saved_mb']:.2f} | {per:.2f}"
        lines.append(f"| {row['T']} | {row['microseconds']:.1f} | {saved} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="seconds, figures of no worth")
    parser.add_argument("--turns", type=int, default=21)
    parser.add_argument("--give-back", action="store_true", help="do not keep freed memory")
    parser.add_argument("--out", type=Path, help="folder for speed.json and speed.md")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if not args.give_back:
        keep_memory()
    turns = 1 if args.smoke else args.turns
    found = {
        "machine": machine(),
        "steps": 10 if args.smoke else STEPS,
        "turns": turns,
        "speed": speed(turns, SIZES[-1:] if args.smoke else SIZES, 10 if args.smoke else STEPS),
        "growth": growth(LENGTHS[:1] if args.smoke else LENGTHS, min(turns, 7)),
    }
    print("\n" + text(found))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("speed.json", json.dumps(found, indent=1) + "\n"),
            ("speed.md", text(found)),
        ):
            part = args.out / f"{name}.part"
            part.write_text(content)
            os.replace(part, args.out / name)


if __name__ == "__main__":
    main()
