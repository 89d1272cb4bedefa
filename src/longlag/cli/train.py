"""`longlag train cell=lstm task=adding ...`: one run, recorded in results/single."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from longlag.records.store import Store
from longlag.runs.config import resolve

OUT = Console(highlight=False, soft_wrap=True)


def run(arguments: argparse.Namespace) -> int:
    """Train, record, say what came of it; a run that is recorded is not run again."""
    config = resolve(arguments.words, arguments.config_dir)
    from longlag.runs.instantiate import check

    check(config)
    store = Store(Path(config.values.results), config.names.get("study") or "single")
    store.prepare()
    if store.has(config.id):
        OUT.print(f"recorded before; to train it again, delete {store.folder / config.id}")
    else:
        from longlag.runs.progress_line import Notice
        from longlag.runs.run import execute

        notice = Notice(config.values.trainer.max_steps)
        store.save(*execute(config, store.folder, [notice]))
    record = store.read(config.id)
    assert record is not None
    show(record, store.folder / config.id)
    return 0


def show(record: dict[str, Any], folder: Path) -> None:
    """The outcome, its floor beside it."""
    names, size, seconds = record["names"], record["model"], record["seconds"]
    OUT.print(
        f"[bold]{names['cell']}[/bold] on [bold]{names['task']}[/bold]: {record['status']} after "
        f"{record['steps']} steps, {sum(seconds.values()):.1f} s "
        f"({size['parameters']} parameters, hidden size {size['hidden_size']})"
    )
    floors = {floor["metric"]: floor for floor in reversed(record["floors"])}
    table = Table(box=None, pad_edge=False)
    for title in ("metric", "validation", "test", "floor", ""):
        table.add_column(title, justify="left" if title in ("metric", "") else "right")
    for metric, value in record["metrics"]["test"].items():
        floor = floors.get(metric)
        table.add_row(
            metric,
            f"{record['metrics']['validation'].get(metric, float('nan')):.4g}",
            f"{value:.4g}",
            f"{floor['value']:.4g}" if floor else "",
            floor["why"] if floor else "",
        )
    OUT.print(table)
    OUT.print(f"record: {folder}/record.json, curve.csv, probe.npz")
