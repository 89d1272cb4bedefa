"""What drawing a batch costs, beside the training step that uses it, for each synthetic task.

An LSTM of 64 units, batches of 32, one thread; CPU time, batches drawn as a run draws them.

    python benchmarks/batches.py [--blocks 5] [--tasks adding,copy]
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.cells import LSTM
from longlag.nn.losses import per_step_loss
from longlag.nn.model import Model
from longlag.runs.malloc import keep_memory
from longlag.tasks import Batch, Task
from longlag.training.datamodule import AHEAD, Stream
from longlag.training.learner import pick, positions

CONF = Path(__file__).parents[1] / "conf" / "task"
BATCH, HIDDEN, SHARE = 32, 64, 0.05


def train(task: Task, model: Model, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
    at = positions(batch.weight)
    prediction = model(batch.x, batch.lengths, at=at).prediction
    weight = pick(batch.weight, at)
    each = per_step_loss(task.spec.kind, prediction, pick(batch.target, at))
    optimizer.zero_grad()
    ((each * weight).sum() / weight.sum()).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def measure(task: Task, blocks: int) -> tuple[float, float]:
    """Seconds of drawing a batch and of a training step: medians over blocks, one left out."""
    model = Model(task.spec.input_size, task.spec.output_size, LSTM, HIDDEN)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    stream = iter(Stream(task, 0, BATCH))
    drawn, trained = [], []
    for _ in range(blocks + 1):  # the first one warms up
        drawn.append(0.0)
        trained.append(0.0)
        for _ in range(AHEAD):
            start = time.process_time()
            batch = next(stream)
            middle = time.process_time()
            train(task, model, optimizer, batch)
            drawn[-1] += (middle - start) / AHEAD
            trained[-1] += (time.process_time() - middle) / AHEAD
    return statistics.median(drawn[1:]), statistics.median(trained[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--tasks", default="")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()  # as a training process does
    names = (
        arguments.tasks.split(",") if arguments.tasks else sorted(p.stem for p in CONF.glob("*"))
    )
    print(f"{'task':<22}{'batch ms':>10}{'step ms':>10}{'share':>9}")
    for name in names:
        task = instantiate(OmegaConf.load(CONF / f"{name}.yaml"))
        if hasattr(task, "licence"):
            continue  # given, not drawn
        draw, step = measure(task, arguments.blocks)
        mark = "" if draw < SHARE * step else f"  over {SHARE:.0%}"
        print(f"{name:<22}{draw * 1e3:>10.3f}{step * 1e3:>10.2f}{draw / step:>9.1%}{mark}")


if __name__ == "__main__":
    main()
