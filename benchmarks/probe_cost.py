"""What the gradient probe costs: its share of training time at the default schedule.

Trains each cell for the default number of steps, callback and all, on one thread, and prints
seconds probing / seconds training; then the cost of a total gradient norm.

    python benchmarks/probe_cost.py [--steps 2000] [--quick]
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch

from longlag.probes.parameters import StepNorms
from longlag.runs.config import resolve
from longlag.runs.instantiate import build_model
from longlag.runs.provenance import machine
from longlag.runs.run import execute
from longlag.tasks import Adding

CELLS = ("rnn", "lstm", "gru")
LENGTHS = (50, 100)
OUT = Path("results/speed/probe_cost.json")


def share(cell: str, length: int, steps: int) -> dict[str, float]:
    """Seconds of one run, and the probe's share of them."""
    settings = [f"cell={cell}", "task=adding", f"task.length={length}", "logger=none"]
    settings += [f"trainer.max_steps={steps}", "trainer.stop_when_solved=false"]
    settings += [f"trainer.validate_every={min(50, steps)}"]
    seconds = execute(resolve(settings), Path(".")).record.seconds
    return {
        "train_s": seconds["train"],
        "probe_s": seconds["probe"],
        "share": seconds["probe"] / seconds["train"],
    }


def total_norm() -> float:
    """Microseconds of one total norm, which every tenth step pays."""
    config = resolve(["cell=lstm", "task=adding"]).values
    model = build_model(config, Adding())
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    watch, times = StepNorms(1.0), []
    for _ in range(2000):
        start = time.perf_counter()
        watch.add(model)
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000, help="of each run")
    parser.add_argument("--quick", action="store_true", help="few steps, nothing written")
    options = parser.parse_args()
    steps = 5 if options.quick else options.steps
    torch.set_num_threads(1)
    rows = []
    for length in LENGTHS[: 1 if options.quick else None]:
        for cell in CELLS:
            rows.append({"cell": cell, "T": length, "steps": steps, **share(cell, length, steps)})
            print(
                "{cell:5s} T {T:4d}  {steps:5d} steps   training {train_s:7.2f} s   "
                "probe {probe_s:6.2f} s   share {share:.1%}".format(**rows[-1]),
                flush=True,
            )
    norm_us = total_norm()
    print(f"a total norm, every tenth step: {norm_us:.0f} us")
    if not options.quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        found = {"rows": rows, "total_norm_us": norm_us, **machine()}
        OUT.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
