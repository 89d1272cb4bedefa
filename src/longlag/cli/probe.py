"""`longlag probe RUN`: how the gradient of a recorded run travels, before and after training."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from longlag.errors import LonglagError

SEQUENCES, MANY = 16, 256  # of the examined batch, and for the linear readout
OUT = Console(highlight=False, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int:
    """Examine, print a chart and the numbers, keep everything in laboratory.npz."""
    if len(arguments.words) != 1:
        raise LonglagError("give one run: longlag probe results/<study>/<run id>, or its id alone")
    folder = find(arguments.words[0])
    from torch import Generator

    from longlag.probes import terminal
    from longlag.probes.laboratory import examine
    from longlag.runs.load import run_of

    found: dict[str, dict[str, np.ndarray]] = {}
    for when, trained in (("init", False), ("trained", True)):
        record, task, model = run_of(folder, trained)
        seed = record["config"]["seeds"]["data"]
        batch, many = (
            task.batch("validation", seed, k, size)
            for k, size in ((10**6, SEQUENCES), (10**6 + 1, MANY))
        )
        if not all(bool(p.isfinite().all()) for p in model.parameters()):
            OUT.print("the trained weights are not finite: only the initial model is examined")
            continue
        rng = Generator().manual_seed(0)
        found[when] = examine(model, batch, task.spec.kind, rng, many)
    np.savez_compressed(
        folder / "laboratory.npz",
        allow_pickle=False,
        **{f"{when}/{name}": v for when, arrays in found.items() for name, v in arrays.items()},
    )
    show(record, found)
    if (folder / "probe.npz").is_file():
        with np.load(folder / "probe.npz", allow_pickle=False) as file:
            OUT.print(terminal.training(dict(file)) or "")
    OUT.print(f"everything that was measured: {folder}/laboratory.npz")
    return 0


def find(word: str) -> Path:
    """The folder of a run, given as a path or as an id that one study holds.

    Raises:
        LonglagError: none, or several.
    """
    if (Path(word) / "record.json").is_file():
        return Path(word)
    places = sorted(path.parent for path in Path("results").glob(f"*/{word}/record.json"))
    if len(places) == 1:
        return places[0]
    if places:
        raise LonglagError(f"{word} is in several studies: {', '.join(map(str, places))}")
    raise LonglagError(
        f"no record in {word}, and none with that id below results/; "
        "give a folder results/<study>/<run id>"
    )


def show(record: dict[str, Any], found: dict[str, dict[str, np.ndarray]]) -> None:
    """The chart and three tables."""
    from longlag.probes import terminal

    names, task = record["names"], record["task"]
    OUT.print(
        f"[bold]{names['cell']}[/bold] on [bold]{names['task']}[/bold]: {record['status']} after "
        f"{record['steps']} steps; the answer needs up to {task['lag'] or '?'} steps of memory\n"
        "norm of the gradient of the last answer's loss with respect to the state:"
    )
    paths = terminal.names(found, "profile")
    layer = paths[-1].split("/")[0]  # the top one: the answer is read there
    lines = {
        f"{path.split('/')[1]} {when}": arrays[f"profile/{path}"]
        for when, arrays in found.items()
        for path in paths
        if path.startswith(f"{layer}/")
    }
    OUT.print(terminal.chart(lines))
    for make in (terminal.rates, terminal.steps, terminal.gates, terminal.memory):
        table = make(found)
        if table is not None:
            OUT.print(table, "")
