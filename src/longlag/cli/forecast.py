"""`longlag forecast RUN`: true against predicted, one step ahead and running free."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from longlag.cli.find import find_run, take_options
from longlag.cli.terminal import console
from longlag.errors import LonglagError, look_for
from longlag.records.run import Run

if TYPE_CHECKING:
    from longlag.runs.forecast import ForecastResult

SEQUENCES = 64  # of the test split
OUT = console()


def run(arguments: argparse.Namespace) -> int:
    """Forecast, print the errors, keep forecast.svg and forecast.png in the run's folder."""
    asked, options = take_options(arguments.words, "results")
    if len(asked) != 1:
        raise LonglagError("give one run: results/<study>/<run id>, or its id alone")
    look_for("matplotlib")
    folder = find_run(asked[0], Path(options.get("results", "results")))
    from longlag.runs import forecast
    from longlag.runs.restore import restore_run
    from longlag.tasks.forecast import Forecast

    run, task, model = restore_run(folder, config_dir=arguments.config_dir)
    x, target, _, lengths, _ = task.batch("test", run.data_seed, 10**6, SEQUENCES)
    regression = task.spec.kind == "regression" and lengths is None
    if not regression or not (isinstance(task, Forecast) or forecast.feeds_back(x, target)):
        raise LonglagError(
            f"{run.task} asks for no next value, so there is nothing to forecast; "
            "train on sine, lorenz, mackey_glass, narma, laser, sunspots or el_nino"
        )
    if not all(bool(p.isfinite().all()) for p in model.parameters()):
        raise LonglagError(f"the weights of {folder} are not finite: its training diverged")
    found = forecast.forecast_series(model, x, target, warm=len(x) // 2)
    error = None if found.free is None else forecast.free_error(found)
    shown = 0 if error is None else middle(error)
    draw(folder, run, found, error, shown)
    for line in words(run, found, error):
        OUT.print(line)
    OUT.print(f"drawn in {folder}/forecast.svg and forecast.png")
    return 0


def middle(error: np.ndarray) -> int:
    """Find the sequence whose error over all free steps (H,B) is the median one."""
    return int(np.argsort((error**2).mean(0), kind="stable")[error.shape[1] // 2])


def words(run: Run, found: "ForecastResult", error: np.ndarray | None) -> list[str]:
    """Write the lines that are printed."""
    from longlag.runs import forecast

    B = found.truth.shape[1]
    simple = ", ".join(f"{one.value:.3f} {one.why}" for one in (*run.floors, *run.baselines))
    ahead = run.setting("task.ahead") or 1
    steps = "one step" if ahead == 1 else f"{ahead} steps"
    lines = [
        f"{run.cell} on {run.task}, "
        f"{B} test sequences, the first {found.warm} of {len(found.truth)} steps given",
        f"{steps} ahead  normalised RMSE {forecast.ahead_error(found):.3f}   (others: {simple})",
    ]
    if error is None:
        return [*lines, "running free    not possible: the answer is not the next input"]
    valid = forecast.valid_steps(error)
    low, mid, high = np.quantile(valid, (0.25, 0.5, 0.75))
    rms = float(np.sqrt((error**2).mean()))
    return [
        *lines,
        f"running free    normalised RMSE {rms:.3f} over {len(error)} steps; always the mean: 1",
        f"                valid for {mid:g} steps, until the error exceeds {forecast.BOUND:g} "
        f"deviations (middle half of the sequences: {low:g} to {high:g})",
    ]


def draw(
    folder: Path, run: Run, found: "ForecastResult", error: np.ndarray | None, shown: int
) -> None:
    """Draw one sequence and all errors, as SVG and PNG."""
    from longlag.report.figures.forecast import picture
    from longlag.report.figures.style import style, svg
    from longlag.runs.forecast import BOUND

    which = "a test sequence" if error is None else "the test sequence with the median error"
    title = f"{run.cell} on {run.task}: {which}"
    free = None if found.free is None else found.free[:, shown]
    with style():
        figure = picture(
            run.cell,
            title,
            found.warm,
            found.truth[:, shown],
            found.ahead[:, shown],
            free,
            error,
            BOUND,
        )
        (folder / "forecast.svg").write_text(svg(figure))
        figure.savefig(folder / "forecast.png", dpi=200, facecolor="white")
