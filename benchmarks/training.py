"""The suite's training steps against a bare PyTorch loop that does the same work, side by side.

Same model, optimiser, clipping and batches, in turns, in one process with one thread; prints the
CPU time of a step (one thread: on an idle machine its wall time, on a busy one less disturbed) as
medians, the ratio suite : bare in steps per second, whole runs per core-hour over a mix of the
atlas's cells and tasks, and the time to the first training step.

    python benchmarks/training.py [--steps 200] [--rounds 15] [--quick]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from longlag.cells import GRU, LSTM, Cell
from longlag.nn.losses import per_step_loss
from longlag.nn.model import Model
from longlag.runs.config import resolve
from longlag.runs.instantiate import build_trainer, quiet
from longlag.runs.provenance import machine
from longlag.runs.run import execute
from longlag.tasks import Adding
from longlag.training.datamodule import DataModule, Stream
from longlag.training.learner import Learner

SIZES = ((GRU, 32, 56, 20), (LSTM, 32, 64, 100), (LSTM, 64, 128, 200))  # cell, B, H, T
EVERY = 50  # steps between two validations, as conf/trainer has it
MIX = [  # cells and tasks of the atlas, on its lower and middle rungs
    [f"cell={cell}", f"task={task}", f"task.length={T}"]
    for cell in ("rnn", "lstm", "gru", "cornn", "lstm_layernorm")
    for task, T in (("adding", 20), ("temporal_order", 50), ("memorisation", 10))
]
RUN = ["trainer.max_steps=500", "trainer.stop_when_solved=false", "budget=10000", "logger=none"]
OUT = Path("results/speed/training.json")


def model_of(task: Adding, cell: type[Cell], H: int) -> Model:
    torch.manual_seed(0)
    return Model(task.spec.input_size, task.spec.output_size, cell, H)


def adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-3, fused=True)  # as conf/optim has it


def bare(task: Adding, cell: type[Cell], B: int, H: int, steps: int) -> float:
    """Time a loop as one writes it by hand; seconds of a step."""
    model = model_of(task, cell, H)
    optimizer = adam(model.parameters())
    stream, start = iter(Stream(task, 0, B)), time.process_time()
    for _ in range(steps):
        batch = next(stream)
        prediction = model(batch.x).prediction[-1]
        loss = per_step_loss("regression", prediction, batch.target[-1]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()
    return (time.process_time() - start) / steps


class Ends:
    """Watches when the steps end."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def before_step(self, step: int, learner: Learner) -> None:
        """Do nothing."""

    def after_step(self, step: int, learner: Learner) -> None:
        """Note the time."""
        self.times.append(time.process_time())


def suite(task: Adding, cell: type[Cell], B: int, H: int, steps: int) -> float:
    """Time the same through Learner, DataModule and Lightning's trainer, with all that they do.

    A validation of one sequence ends each block, so the loop's own work is in the mean.
    """
    settings = [f"trainer.max_steps={steps}", f"trainer.validate_every={EVERY}", "logger=none"]
    model = model_of(task, cell, H)
    learner = Learner(model, task.spec, adam, 1.0)
    ends = Ends()
    learner.watchers.append(ends)
    trainer = build_trainer(resolve(settings).values.trainer, [], None)
    with quiet():
        trainer.fit(learner, DataModule(task, 0, B, 1, 1, EVERY))
    return (ends.times[-1] - ends.times[0]) / (steps - 1)


def runs_per_hour(rounds: int) -> float:
    """Measure whole runs of the mix, by what a core could do in an hour; the median of rounds.

    Their settings are composed before, as a study composes those of a cell and task once for all.
    """
    found, configs = [], [resolve([*words, *RUN]) for words in MIX]
    for _ in range(rounds):
        start = time.process_time()
        for config in configs:
            execute(config, Path("."))
        found.append(3600 * len(MIX) / (time.process_time() - start))
    return statistics.median(found)


ONE_STEP = """
import sys, time
from pathlib import Path
from longlag.runs.config import resolve
from longlag.runs.run import execute
for seed in range(4):
    begin = time.perf_counter()
    execute(resolve([*sys.argv[1:], f"seed={seed}"]), Path("."))
    print(time.perf_counter() - begin)
"""


def first_step() -> tuple[float, float]:
    """Seconds for one run of one step: from the start of a process, and in a warm process."""
    settings = ["trainer.max_steps=1", "trainer.validate_every=1", "trainer.validation_size=1"]
    settings += ["trainer.test_size=1", "logger=none", "probe=off"]
    command = [sys.executable, "-c", ONE_STEP, *settings]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - start
    further = [float(line) for line in done.stdout.split()][1:]
    return whole - sum(further), statistics.median(further)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=200, help="steps of one turn")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each")
    parser.add_argument("--quick", action="store_true", help="one short turn, nothing written")
    options = parser.parse_args()
    if options.quick:
        options.steps, options.rounds = EVERY, 1
    torch.set_num_threads(1)
    rows = []
    for cell, B, H, T in SIZES:
        task, ratios, ours, theirs = Adding(length=T), [], [], []
        for _ in range(options.rounds):
            theirs.append(bare(task, cell, B, H, options.steps))
            ours.append(suite(task, cell, B, H, options.steps))
            ratios.append(theirs[-1] / ours[-1])
        rows.append(
            {
                "cell": cell.__name__,
                "B": B,
                "H": H,
                "T": T,
                "bare_ms": 1e3 * statistics.median(theirs),
                "suite_ms": 1e3 * statistics.median(ours),
                "ratio": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
            }
        )
        print(
            "{cell:4}  B {B:3d}  H {H:3d}  T {T:3d}   bare {bare_ms:6.2f} ms   "
            "suite {suite_ms:6.2f} ms   "
            "steps/s suite : bare {ratio:.3f} ({ratio_min:.3f}-{ratio_max:.3f})".format(**rows[-1])
        )
    hourly = runs_per_hour(1 if options.quick else 3)
    print(f"whole runs of 500 steps over the atlas's mix: {hourly:.0f} per core-hour")
    cold, further = first_step()
    print(
        f"process start to the end of a one-step run: {cold:.2f} s; a further run: {further:.2f} s"
    )
    if not options.quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        found = {
            "rows": rows,
            "runs_per_core_hour": hourly,
            "cold_s": cold,
            "further_s": further,
            **machine(),
        }
        OUT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
