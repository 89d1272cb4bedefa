"""`longlag demo`: a vanilla RNN fails where an LSTM succeeds, and their gradients say why."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.table import Table

from longlag.cli.gradient_chart import chart, colorless, of_it, share_left
from longlag.cli.probe_tables import number, plain_table
from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.runs.config import resolve

if TYPE_CHECKING:
    from longlag.tasks.base import Spec

OUT = console()
CELLS = {"RNN": "rnn", "LSTM": "lstm"}
# Picked by measurement: of seeds 0 to 4 the LSTM solves the task with each, after 450 to 550 steps,
# and the RNN with none, at any rate of 0.001, 0.003, 0.01 and 0.02.
SETTINGS = (
    "task=adding",
    "task.length=50",
    "optim.lr=0.02",
    "trainer.max_steps=600",
    "budget=4000",
    "seed=1",
    "model.backend=fused",  # needs no compiler, and nothing that is built on the first call
    "probe=off",  # the gradient is looked at before and after training alone
    "checkpoint.seconds=null",  # nothing is written
    "logger=none",
)
SEQUENCES = 16  # of the batch whose gradient is looked at
NEXT = """\
Next:
  longlag show task=adding task.length=20           the task, one example drawn
  longlag train cell=gru task.length=50 optim.lr=0.02
                                                    a run of your own, recorded below results/
  longlag probe RUN                                 examine it (train prints its RUN)
  longlag bench study=smoke results=mine            a small study, with a report"""


class Outcome(NamedTuple):
    """What training did to one network."""

    name: str
    state_size: int  # numbers that the network carries from step to step
    steps: int  # taken
    score: float  # the best one on validation
    solved: bool
    leaf: str  # the part of the state whose gradient is shown
    before: np.ndarray  # (K,) norm of dL/ds over the lag at initialisation
    after: np.ndarray  # (K,) the same with the weights that validation chose


def run(arguments: argparse.Namespace) -> int:
    """Train both networks, nothing recorded, and show their scores and gradients side by side."""
    if arguments.words:
        raise LonglagError(f"longlag demo takes no words, not {' '.join(arguments.words)!r}")
    from longlag.runs.instantiate import build

    config = resolve(SETTINGS).values
    task = build(config.task)
    OUT.print(
        f"The adding problem: of {task.length} numbers two are marked; say their sum at the end.\n"
        f"A vanilla RNN and an LSTM of about {config.budget:,} parameters get the same data, the "
        f"same learning\nrate ({config.optim.lr:g}) and at most {config.trainer.max_steps} "
        "training steps.\n"
    )
    outcomes = [train(name, cell) for name, cell in CELLS.items()]
    OUT.print(comparison(outcomes, task.spec))
    lines = {
        f"{o.name} {o.leaf} {when}": norms
        for o in outcomes
        for when, norms in (("before", o.before), ("after", o.after))
    }
    OUT.print("\nNorm of the gradient of the loss with respect to the state, by lag:")
    OUT.print(chart(lines, color=not colorless(OUT)))
    OUT.print(" ".join(conclusions(outcomes, task.spec)), soft_wrap=False)
    OUT.print(f"\n{NEXT}")
    return 0


def train(name: str, cell: str) -> Outcome:
    """Train one network and measure its gradient before and after; nothing is written."""
    import torch

    from longlag.engine.denormals import flush_denormals
    from longlag.probes.callback import probe_batch
    from longlag.probes.profile import profile
    from longlag.runs.instantiate import interruptible, quiet
    from longlag.runs.progress_line import ProgressLine
    from longlag.runs.run import Timer, assemble

    config = resolve([*SETTINGS, f"cell={cell}"])
    torch.set_num_threads(int(config.values.threads))
    line = ProgressLine(config.values.trainer.max_steps)
    with TemporaryDirectory() as nowhere:  # a run in training tells there how far it is
        task, learner, data, selection, _, trainer, *_ = assemble(
            config, Path(nowhere), [line], Timer()
        )
        batch = probe_batch(task, config.values.seeds.data, SEQUENCES)
        before = profile(learner.model, batch, task.spec.kind)
        OUT.print(f"training the {name} ...")
        with quiet(), interruptible(), flush_denormals():
            trainer.fit(learner, data)
    selection.restore(learner.model)  # as everywhere: what validation chose
    after = profile(learner.model, batch, task.spec.kind)
    paths = [key for key in after if key.startswith("profile/")]
    path = max(paths, key=lambda key: share_left(after[key]))
    best = selection.best or {}
    return Outcome(
        name,
        learner.model.state_size,
        learner.steps,
        best.get(task.spec.metrics[0], float("nan")),
        selection.solved_at is not None,
        path.rpartition("/")[2],
        before[path],
        after[path],
    )


def comparison(outcomes: list[Outcome], spec: "Spec") -> Table:
    """Show the two networks side by side; a row for each measure."""
    assert spec.solved is not None
    floor, lag = spec.floors[0], len(outcomes[0].before) - 1
    metric, ended = spec.metrics[0].upper(), ("not solved", "solved")
    before, after = (
        [number(share_left(norms)) for norms in column]
        for column in ([o.before for o in outcomes], [o.after for o in outcomes])
    )
    rows: dict[str, list[str]] = {
        "numbers in the state": [str(o.state_size) for o in outcomes],
        "training steps": [str(o.steps) for o in outcomes],
        f"{metric} on validation": [number(o.score) for o in outcomes],
        f"  floor: {floor.why.partition(':')[0]}": [number(floor.value)] * len(outcomes),
        f"  solved: {metric} below {spec.solved.threshold:g}": [ended[o.solved] for o in outcomes],
        f"gradient left after {lag} steps, at the start": before,
        "  the same after training": after,
    }
    table = plain_table()
    table.add_column("")
    for outcome in outcomes:
        table.add_column(outcome.name, justify="right")
    for title, cells in rows.items():
        table.add_row(title, *cells)
    return table


def conclusions(outcomes: list[Outcome], spec: "Spec") -> list[str]:
    """Say in two sentences who solved the task and what became of the gradients."""
    ends = [
        f"the {o.name} solved the task in {o.steps} steps"
        if o.solved
        else f"the {o.name} did not in {o.steps}: its error of {number(o.score)} is "
        f"{'no better' if o.score > 0.9 * spec.floors[0].value else 'better'} than that of an "
        f"answer that ignores the past, {number(spec.floors[0].value)}"
        for o in sorted(outcomes, key=lambda o: not o.solved)
    ]
    lag = len(outcomes[0].before) - 1
    flows = []
    for o in outcomes:
        start, end = share_left(o.before), share_left(o.after)
        whole = f"the {o.name}'s gradient"
        flows.append(
            f"{of_it(start, whole)} is left at initialisation, {of_it(end)} after training"
        )
    return [
        f"{ends[0][0].upper()}{ends[0][1:]}; {'; '.join(ends[1:])}.",
        f"Seen {lag} steps before the answer, {'; '.join(flows)}.",
    ]
