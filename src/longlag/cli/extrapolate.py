"""`longlag extrapolate RUN`: the score of recorded runs beyond the length of their training."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from longlag.cli.find import find_run, find_study, take_options
from longlag.cli.terminal import console
from longlag.errors import LonglagError, look_for
from longlag.records.atomic import write_json
from longlag.records.extrapolation import FILE, Beyond, alone, read
from longlag.records.reader import read_study
from longlag.records.seed_groups import study_groups

OUT = console()


def run(arguments: argparse.Namespace) -> int:
    """Ask one run, or the median run of every cell and task of a study; print, draw and keep."""
    words, options = take_options(arguments.words, "results", "lengths")
    lengths = parse(options.get("lengths"))
    if len(words) != 1:
        raise LonglagError(
            "give one run or study: longlag extrapolate results/<study>/<run id>, or its id "
            "alone, or study=<study>; then lengths=100,200,400 if the default is not wanted"
        )
    look_for("matplotlib")
    results, config_dir = Path(options.get("results", "results")), arguments.config_dir
    study = find_study(words[0], results)
    if study is None:
        folder = find_run(words[0], results)
        draw(folder, [alone(ask(folder, lengths, config_dir))])
        return 0
    draw(study, every(study, lengths, config_dir))
    return 0


def parse(text: str | None) -> list[int] | None:
    """Read the lengths of `50,100`; None: the default ones."""
    if text is None:
        return None
    text = text.strip("[]")
    try:
        lengths = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise LonglagError(
            f"lengths must be whole numbers, as in lengths=50,100: {text}"
        ) from error
    if min(lengths) < 1:
        raise LonglagError(f"lengths must be at least 1, not {min(lengths)}")
    return lengths


def every(study: Path, lengths: list[int] | None, config_dir: Path | None) -> list[Beyond]:
    """Ask the median runs of a study; each that cannot be asked says why.

    Raises:
        LonglagError: there is none.
    """
    asked = []
    for g in study_groups(read_study(study)):
        try:
            ask(g.typical.folder, lengths, config_dir)
            asked.append(g)
        except LonglagError as error:
            OUT.print(f"{g.label} on {g.setting} is left out: {str(error).split(': ')[0]}\n")
    if not asked:
        raise LonglagError(f"no run of {study} has weights and a task with a length")
    return [one for g in asked if (one := read(g))]


def ask(folder: Path, lengths: list[int] | None, config_dir: Path | None) -> dict[str, Any]:
    """Measure a run, print its table and keep it as extrapolation.json."""
    from longlag.runs.extrapolation import SIZE, curve
    from longlag.runs.restore import restore_run

    loaded = restore_run(folder, config_dir=config_dir)
    points = curve(loaded, lengths)
    run = loaded.run
    found = {
        "names": run.record.names,
        "length": run.length,
        "score": run.metric,
        "solved": run.record.solved and asdict(run.record.solved),
        "directions": run.record.directions,
        "sequences": SIZE,
        "points": [
            {"length": p.length, "metrics": p.metrics, "floor": p.floor._asdict()} for p in points
        ],
    }
    write_json(folder / FILE, found)
    OUT.print(table(found))
    OUT.print(verdict(alone(found)), "")
    return found


def table(found: dict[str, Any]) -> Table:
    """Make a table with a row for each length."""
    names = list(found["points"][0]["metrics"])
    title = f"{found['names']['cell']} on {found['names']['task']}, {found['sequences']} sequences"
    made = Table(title=f"{title} of each length", title_justify="left")
    for name in ("length", "of training", *names, f"{found['score']} floor"):
        made.add_column(name, justify="right")
    for point in found["points"]:
        values = [f"{point['metrics'][name]:.4g}" for name in names]
        times = f"{point['length'] / found['length']:.3g} x"
        made.add_row(str(point["length"]), times, *values, f"{point['floor']['value']:.4g}")
    return made


def verdict(one: Beyond) -> str:
    """Say up to which length the criterion is met."""
    solved = one.found["solved"]
    if solved is None:
        return "the task has no criterion; compare with the floor of each length"
    rule = f"the criterion ({solved['metric']} {solved['threshold']:g})"
    if one.reach is None:
        return f"{rule} is not met at the first length from that of training on"
    return f"{rule} is met from the training length up to {one.reach}"


def draw(folder: Path, runs: list[Beyond]) -> None:
    """Draw the curves as extrapolation.svg and extrapolation.png."""
    from longlag.report.figures.extrapolation import sheet
    from longlag.report.figures.style import style, svg

    with style():
        figure = sheet(runs)
        (folder / "extrapolation.svg").write_text(svg(figure))
        figure.savefig(folder / "extrapolation.png", dpi=200, facecolor="white")
    OUT.print(f"drawn in {folder}/extrapolation.svg and extrapolation.png")
