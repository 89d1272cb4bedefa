"""`longlag probe RUN`: how the gradient of recorded runs travels, before and after training."""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console

from longlag.errors import LonglagError
from longlag.records.medians import medians
from longlag.records.reader import Run
from longlag.runs.config import resolve

OUT = Console(highlight=False, soft_wrap=True)
Found = dict[str, dict[str, np.ndarray]]


def run(arguments: argparse.Namespace) -> int:
    """Examine one run and print a chart and the numbers, or one run of each cell of a study."""
    if len(arguments.words) != 1:
        raise LonglagError(
            "give one run or study: longlag probe results/<study>/<run id>, or its id alone, "
            "or study=<study>"
        )
    word = arguments.words[0]
    study = study_of(word, arguments.config_dir)
    if study is not None:
        return examine_study(study)
    folder = find(word)
    from longlag.runs.analyse import examine_run

    run, found = examine_run(folder)
    if "trained" not in found:
        OUT.print("the trained weights are not finite: only the initial model is examined")
    show(run, found)
    if run.probe:
        from longlag.cli import probe_tables

        OUT.print(probe_tables.training(run.probe) or "")
    OUT.print(f"everything that was measured: {folder}/laboratory.npz")
    return 0


def study_of(word: str, config_dir: Path | None) -> Path | None:
    """The folder of a study, given as study=NAME or as a path; None: the word is something else."""
    if word.startswith("study="):
        config = resolve([word], config_dir)
        folder = Path(config.values.results) / word.removeprefix("study=")
        if not any(folder.glob("*/record.json")):
            raise LonglagError(
                f"there are no records in {folder}; run `longlag bench {word}` first"
            )
        return folder
    folder = Path(word)
    holds = folder.is_dir() and not (folder / "record.json").is_file()
    return folder if holds and any(folder.glob("*/record.json")) else None


def examine_study(study: Path) -> int:
    """Of every cell on every task the run with the median score, as in the report's figures.

    Raises:
        LonglagError: the weights of some of these runs were not kept; none was examined.
    """
    from longlag.runs.analyse import examine_run

    chosen = medians(study)
    bare = [median for median in chosen if median.bare]
    if bare:
        raise LonglagError(
            f"{len(bare)} of {len(chosen)} runs to be examined have no weights.pt (weights are not "
            f"committed); train again with: {bare[0].command}"
        )
    for number, median in enumerate(chosen, 1):
        found = examine_run(median.folder).found
        rates = " to ".join(f"{top(arrays):+.3f}" for arrays in found.values())
        OUT.print(
            f"{number:>3}/{len(chosen)}  {median.name}: largest Lyapunov exponent "
            f"{rates} nats per step"
        )
    OUT.print(f"everything that was measured: {study}/<run id>/laboratory.npz")
    return 0


def top(arrays: dict[str, np.ndarray]) -> float:
    """The largest exponent of the last layer."""
    layers = (name for name in arrays if name.endswith("/lyapunov"))
    return float(arrays[max(layers, key=lambda name: int(name.split("/")[1]))][0])


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
        f"no record in {word}, and none with that id below results/; give a folder "
        "results/<study>/<run id>, or study=<study> for one run of each of its cells"
    )


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
