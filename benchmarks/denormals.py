"""Whether vanishing gradients slow this CPU: training passes through subnormal numbers.

A vanilla RNN and an LSTM are trained on the adding task until the RNN has failed.  Passes of each,
with the weights of several steps of training, are timed in turns with subnormal numbers kept and
flushed to zero, beside the count of subnormal numbers in the loss gradient with respect to the
states: by their bits, with them kept (so that they did occur where they were timed) and flushed.
What a subnormal number costs depends on the CPU: hundreds of cycles on some, nothing on others.

    OMP_NUM_THREADS=1 python benchmarks/denormals.py [--steps 1500] [--rounds 15] [--quick]
"""

import argparse
import copy
import json
import statistics
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor

from longlag.cells import LSTM, Elman
from longlag.engine.denormals import flush_denormals
from longlag.nn.model import Model
from longlag.probes.taps import state_gradients
from longlag.runs.provenance import machine
from longlag.tasks import Adding

B, H, T = 32, 64, 200
RATE, CLIP = 3e-3, 1.0
EXPONENT, FRACTION = 0x7F800000, 0x007FFFFF  # bits of a float32
OUT = Path("results/speed/denormals.json")


def loss_of(model: Model, batch) -> Tensor:
    return (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()


def snapshots(model: Model, task: Adding, steps: int) -> dict[str, Model]:
    """Copy `model` at three equal parts of `steps` steps of training."""
    found, model = {"step 0": model}, copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    with flush_denormals():
        for k in range(steps):
            model.backend = "auto"
            optimizer.zero_grad()
            loss_of(model, task.batch("train", 0, k, B)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            if (k + 1) % (steps // 3) == 0:
                model.backend = "loop"
                found[f"step {k + 1}"] = copy.deepcopy(model)
    return found


def subnormals(model: Model, batch) -> int:
    """Count the subnormal numbers among the T B H of dL/dh_t, as the unit is set."""

    def loss(out) -> Tensor:
        return (out.prediction[-1] - batch.target[-1]).square().mean()

    bits = state_gradients(model, batch.x, loss)[0].h.view(torch.int32)
    return int(((bits & EXPONENT == 0) & (bits & FRACTION != 0)).sum())


def slowdown(turns: int = 200) -> float:
    """How many times as long a matrix product of subnormal numbers takes as one of normal ones."""
    times: dict[float, list[float]] = {1e-3: [], 1e-40: []}
    ones = torch.ones(H, H)
    for _ in range(turns):
        for value, seconds in times.items():
            x = torch.full((H, H), value)
            start = time.process_time()
            for _ in range(20):
                torch.mm(ones, x)
            seconds.append(time.process_time() - start)
    normal, subnormal = (statistics.median(seconds) for seconds in times.values())
    return subnormal / normal


def measure(models: dict[str, Model], batch, rounds: int) -> dict[str, dict[str, float]]:
    """Median CPU milliseconds of forward and backward, in turns."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in models}
    for _ in range(rounds + 1):
        for name, model in models.items():
            for seconds, how in zip(times[name], (nullcontext, flush_denormals), strict=True):
                with how():
                    start = time.process_time()
                    loss_of(model, batch).backward()
                    seconds.append(time.process_time() - start)
    found = {}
    for name, (kept, flushed) in times.items():
        with flush_denormals():
            left = subnormals(models[name], batch)
        found[name] = {
            "kept_ms": 1e3 * statistics.median(kept[1:]),
            "flushed_ms": 1e3 * statistics.median(flushed[1:]),
            "ratio": statistics.median(a / b for a, b in zip(kept[1:], flushed[1:], strict=True)),
            "subnormals_kept": subnormals(models[name], batch),
            "subnormals_flushed": left,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500, help="of training")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each")
    parser.add_argument("--quick", action="store_true", help="RNN alone, 3 turns, nothing written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    task, rows, cpu = Adding(length=T), {}, slowdown()
    print(f"on this CPU a product of subnormal numbers takes {cpu:.2f} times one of normal ones")
    for cell in (Elman,) if options.quick else (Elman, LSTM):
        torch.manual_seed(0)
        fresh = Model(2, 1, cell, H, backend="loop")
        models = snapshots(fresh, task, options.steps)
        batch = task.batch("train", 0, options.steps, B)
        rows[cell.__name__] = measure(models, batch, 3 if options.quick else options.rounds)
        for name, row in rows[cell.__name__].items():
            print(
                f"{cell.__name__:6s} {name:9s} kept {row['kept_ms']:7.2f} ms   flushed "
                f"{row['flushed_ms']:7.2f} ms   kept : flushed {row['ratio']:.2f}   subnormal in "
                f"dL/dh: kept {row['subnormals_kept']}, flushed {row['subnormals_flushed']}, "
                f"of {T * B * H}",
                flush=True,
            )
    if not options.quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        sizes = {"B": B, "H": H, "T": T, "steps": options.steps, "product": cpu, "rows": rows}
        OUT.write_text(json.dumps({**sizes, **machine()}, indent=1))


if __name__ == "__main__":
    main()
