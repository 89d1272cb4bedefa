"""`longlag train cell=lstm task=adding ...`: one run, or one for each combination of a sweep."""

import argparse
from pathlib import Path

from omegaconf import OmegaConf
from rich.table import Table

from longlag.cli.carry import carry, make_executor
from longlag.cli.progress import clock
from longlag.cli.terminal import console
from longlag.records.run import Run
from longlag.records.store import Store
from longlag.runs.config import Config, expand_sweeps, resolve
from longlag.studies.runner import Runner

OUT = console()


def run(arguments: argparse.Namespace) -> int:
    """Train, record, say what came of it; a run that is recorded is not run again."""
    config_dir = arguments.config_dir
    every = [resolve(words, config_dir) for words in expand_sweeps(arguments.words, config_dir)]
    configs = list({config.id: config for config in every}.values())
    if arguments.cfg:
        for config in configs:
            OUT.print(OmegaConf.to_yaml(config.values))
        return 0
    from longlag.runs.instantiate import check

    for config in configs:
        check(config)
    store = Store(Path(configs[0].values.results), configs[0].names.get("study") or "single")
    if arguments.dry_run:
        for config in configs:
            OUT.print(f"{config.id}: {'recorded' if store.has(config.id) else estimate(config)}")
        return 0
    store.prepare()
    return train(configs[0], store) if len(configs) == 1 else sweep(configs, store)


def estimate(config: Config) -> str:
    """Say how long a run takes at most, by a few of its training steps."""
    from longlag.runs.untrained import time_steps

    steps = config.values.trainer.max_steps
    seconds = time_steps({"": config}, rounds=1)[""] * steps / 1e6
    return f"to be trained, {steps} steps at most, about {clock(seconds)} and the validations"


def train(config: Config, store: Store) -> int:
    """Train one run in this process and show it."""
    if store.has(config.id):
        OUT.print(
            f"recorded before in {store.folder / config.id}; results=FOLDER trains it again, there"
        )
    else:
        from longlag.runs.progress_line import ProgressLine
        from longlag.runs.run import execute

        line = ProgressLine(config.values.trainer.max_steps)
        store.save(*execute(config, store.folder, [line]))
    found = store.read(config.id)
    assert found is not None
    show(found)
    return 0


def sweep(configs: list[Config], store: Store) -> int:
    """Train several runs in worker processes and show a line each; 1 if one failed."""
    runner = Runner(store, make_executor(configs[0], configs[0].values.threads))
    if carry(runner, configs) == 130:
        return 130
    failures = store.failures()
    table = Table(box=None, pad_edge=False)
    for title in ("run", "status", "steps", "metric", "validation", "test", "floor"):
        side = "left" if title in ("run", "status", "metric") else "right"
        table.add_column(title, justify=side, no_wrap=True)
    for config in configs:
        run = store.read(config.id)
        if run is None:
            table.add_row(config.id, "failed")
            continue
        values = (run.score("validation"), run.score(), run.floor)
        shown = ["" if value != value else f"{value:.4g}" for value in values]
        table.add_row(config.id, outcome(run), str(run.record.steps), run.metric, *shown)
    OUT.print(table)
    failed = [failures[c.id] for c in configs if c.id in failures]
    for failure in failed:
        OUT.print(f"failed: {failure['command']}\n        {failure['error']}", style="red")
    OUT.print(f"records: {store.folder}")
    return 1 if failed else 0


def outcome(run: Run) -> str:
    """Say how a training ended; one that used up its steps also says whether it solved the task."""
    if run.status in ("finished", "stopped") and run.record.solved:
        return f"{run.status}, not solved"
    return run.status


def show(run: Run) -> None:
    """Print the outcome, its floor beside it."""
    size, metrics = run.record.model, run.record.metrics
    status, *rest = outcome(run).split(", ")
    steps = f"{run.record.steps} steps"
    OUT.print(
        f"{run.cell} on {run.task}: {status} after "
        f"{', '.join([steps, *rest])}, {run.seconds:.1f} s "
        f"({size.parameters} parameters, hidden size {size.hidden_size})"
    )
    if run.mismatch:
        OUT.print(f"note: {run.mismatch}", style="yellow")
    floors = {floor.metric: floor for floor in reversed(run.record.floors)}
    table = Table(box=None, pad_edge=False)
    for title in ("metric", "validation", "test", "floor", ""):
        table.add_column(title, justify="left" if title in ("metric", "") else "right")
    for metric, value in metrics.test.items():
        floor = floors.get(metric)
        table.add_row(
            metric,
            f"{metrics.validation.get(metric, float('nan')):.4g}",
            f"{value:.4g}",
            f"{floor.value:.4g}" if floor else "",
            floor.why if floor else "",
        )
    OUT.print(table)
    files = [name for name in ("record.json", *run.record.files) if (run.folder / name).exists()]
    OUT.print(f"record: {run.folder}/{', '.join(files)}")
