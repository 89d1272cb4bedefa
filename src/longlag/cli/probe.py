"""`longlag probe RUN`: how the gradient of recorded runs travels, before and after training."""

import argparse
import shutil
from pathlib import Path

import numpy as np

from longlag.cli.find import find_run, find_study, take_options
from longlag.cli.retrain import FOLDER, retrain, same_numbers
from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.records.examination import medians
from longlag.records.run import Run

OUT = console()
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
    """Examine the run with the median score of every cell on every task, as the report shows.

    Raises:
        LonglagError: the weights of some of these runs were not kept, or there is nothing to
            examine; none was examined.
    """
    from longlag.cli.probe_tables import views
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
        rates = " to ".join(f"{view.exponent:+.3f}" for view in views(found)[-1].values())
        OUT.print(
            f"{number:>3}/{len(chosen)}  {median.name}: largest Lyapunov exponent "
            f"{rates} nats per step"
        )
    OUT.print(f"everything that was measured: {study}/<run id>/laboratory.npz")
    return 0


def show(run: Run, found: Found) -> None:
    """Print the chart, what it says in a sentence, and the tables."""
    from longlag.cli import gradient_chart, probe_tables

    layers = probe_tables.views(found)
    which = f" of layer {len(layers)}, the last" if len(layers) > 1 else ""
    OUT.print(
        f"{run.cell} on {run.task}: {run.status} after "
        f"{run.record.steps} steps; the answer needs up to {run.lag or '?'} steps of memory\n"
        f"norm of the gradient of the last answer's loss with respect to the state{which}:"
    )
    lines = {  # of the top layer: the answer is read there
        f"{leaf} {when}": norms
        for when, view in layers[-1].items()
        for leaf, norms in view.parts("profile").items()
    }
    OUT.print(gradient_chart.chart(lines, color=not gradient_chart.colorless(OUT)))
    OUT.print(probe_tables.sentence(found), "")
    for make in (probe_tables.rates, probe_tables.steps, probe_tables.gates, probe_tables.memory):
        table = make(found)
        if table is not None:
            OUT.print(table, "")
