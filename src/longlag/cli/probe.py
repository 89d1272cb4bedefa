"""`longlag probe RUN`: how the gradient of recorded runs travels, before and after training."""

import argparse
import shutil
from pathlib import Path

import numpy as np
from rich.console import Console

from longlag.cli.find import find_run, find_study, take_options
from longlag.cli.retrain import FOLDER, retrain, same_numbers
from longlag.errors import LonglagError
from longlag.records.medians import medians
from longlag.records.run import Run

OUT = Console(highlight=False, soft_wrap=True)
Found = dict[str, dict[str, np.ndarray]]


def run(arguments: argparse.Namespace) -> int:
    """Examine one run and print a chart and the numbers, or one run of each cell of a study."""
    words, options = take_options(arguments.words, "results", "retrain")
    if len(words) != 1:
        raise LonglagError(
            "give one run or study: longlag probe results/<study>/<run id>, or its id alone, "
            "or study=<study>; results=FOLDER if it is not below results"
        )
    again = options.get("retrain", "false")
    if again not in ("true", "false"):
        raise LonglagError(f"retrain must be true or false, not {again!r}")
    results = Path(options.get("results", "results"))
    study = find_study(words[0], results)
    if study is not None:
        return examine_study(study, again == "true", arguments.config_dir)
    folder = find_run(words[0], results)
    from longlag.runs.analyse import examine_run

    run, found = examine_run(folder, arguments.config_dir)
    if "trained" not in found:
        OUT.print("the trained weights are not finite: only the initial model is examined")
    show(run, found)
    if run.probe:
        from longlag.cli import probe_tables

        OUT.print(probe_tables.training(run.probe) or "")
    OUT.print(f"everything that was measured: {folder}/laboratory.npz")
    return 0


def examine_study(study: Path, again: bool, config_dir: Path | None) -> int:
    """Of every cell on every task the run with the median score, as in the report's figures.

    Raises:
        LonglagError: the weights of some of these runs were not kept, or there is nothing to
            examine; none was examined.
    """
    from longlag.runs.analyse import examine_run

    chosen = [median for median in medians(study) if median.readable]
    if not chosen:
        raise LonglagError(f"no run of {study.name} reads one way by a recurrence: examine another")
    bare = [median for median in chosen if median.bare]
    if bare and not again:
        raise LonglagError(
            f"{len(bare)} of {len(chosen)} runs to be examined have no weights.pt (weights are not "
            f"committed); `longlag probe study={study.name} retrain=true` trains exactly these "
            f"again, in {study.parent / FOLDER}, and examines them"
        )
    places = retrain(study, chosen, config_dir) if bare else chosen
    for number, (median, place) in enumerate(zip(chosen, places, strict=True), 1):
        found = examine_run(place.folder, config_dir).found
        if place.folder != median.folder and same_numbers(median.folder, place.folder):
            shutil.copy(place.folder / "laboratory.npz", median.folder)
        rates = " to ".join(f"{largest_exponent(arrays):+.3f}" for arrays in found.values())
        OUT.print(
            f"{number:>3}/{len(chosen)}  {median.name}: largest Lyapunov exponent "
            f"{rates} nats per step"
        )
    OUT.print(f"everything that was measured: {study}/<run id>/laboratory.npz")
    return 0


def largest_exponent(arrays: dict[str, np.ndarray]) -> float:
    """The largest exponent of the last layer."""
    layers = (name for name in arrays if name.endswith("/lyapunov"))
    return float(arrays[max(layers, key=lambda name: int(name.split("/")[1]))][0])


def show(run: Run, found: Found) -> None:
    """The chart and three tables."""
    from longlag.cli import gradient_chart, probe_tables

    paths, several = probe_tables.names(found, "profile"), len(probe_tables.layers(found)) > 1
    layer = paths[-1].split("/")[0]  # the top one: the answer is read there
    which = f" of layer {int(layer) + 1}, the last" if several else ""
    OUT.print(
        f"[bold]{run.cell}[/bold] on [bold]{run.task}[/bold]: {run.status} after "
        f"{run.record.steps} steps; the answer needs up to {run.lag or '?'} steps of memory\n"
        f"norm of the gradient of the last answer's loss with respect to the state{which}:"
    )
    lines = {
        f"{path.split('/')[1]} {when}": arrays[f"profile/{path}"]
        for when, arrays in found.items()
        for path in paths
        if path.startswith(f"{layer}/")
    }
    OUT.print(gradient_chart.chart(lines, color=not gradient_chart.colorless(OUT)))
    OUT.print(probe_tables.sentence(found), "")
    for make in (probe_tables.rates, probe_tables.steps, probe_tables.gates, probe_tables.memory):
        table = make(found)
        if table is not None:
            OUT.print(table, "")
