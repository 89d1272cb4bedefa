"""Whether vanishing gradients slow the CPU: backward passes through subnormal numbers.

A vanilla RNN whose gradient fades into float32's subnormal range, the same network with a larger
matrix whose gradient stays normal, and both with subnormals flushed to zero, in turns.

    python benchmarks/denormals.py [--rounds 15] [--quick]
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch

from longlag.cells import LSTM, Elman
from longlag.nn.model import Model
from longlag.runs.provenance import machine
from longlag.tasks import Adding

B, H, T = 32, 64, 200
OUT = Path("results/speed/denormals.json")
# factor on the recurrent matrix as torch initialises it: the gradient on its way back stays normal,
# passes the subnormal range, or is zero after a few steps
SCALES = {"normal": 1.6, "subnormal": 0.62, "zero": 0.05}


def model_of(cell: type, scale: float) -> Model:
    torch.manual_seed(0)
    model = Model(2, 1, cell, H, backend="loop")
    with torch.no_grad():
        model.cells[0].get_parameter("rec.weight").mul_(scale)
    return model


def backward(model: Model, batch) -> float:
    """CPU seconds of one backward pass."""
    loss = (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()
    start = time.process_time()
    loss.backward()
    return time.process_time() - start


def measure(cell: type, rounds: int) -> dict[str, dict[str, float]]:
    """Median CPU milliseconds by case, as the CPU is and with flushing, in turns."""
    batch = Adding(length=T).batch("train", 0, 0, B)
    models = {name: model_of(cell, scale) for name, scale in SCALES.items()}
    times: dict[str, dict[bool, list[float]]] = {n: {False: [], True: []} for n in models}
    for _ in range(rounds):
        for name, model in models.items():
            for flush in (False, True):
                torch.set_flush_denormal(flush)
                times[name][flush].append(backward(model, batch))
    torch.set_flush_denormal(False)
    return {
        name: {
            "kept_ms": 1e3 * statistics.median(found[False]),
            "flushed_ms": 1e3 * statistics.median(found[True]),
            "ratio": statistics.median(a / b for a, b in zip(*found.values(), strict=True)),
        }
        for name, found in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="turns of each")
    parser.add_argument("--quick", action="store_true", help="one turn, nothing written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = {}
    for cell in (Elman, LSTM):
        rows[cell.__name__] = measure(cell, 1 if options.quick else options.rounds)
        for name, ms in rows[cell.__name__].items():
            print(
                f"{cell.__name__:6s} gradient {name:10s} subnormals kept {ms['kept_ms']:7.2f} ms   "
                f"flushed {ms['flushed_ms']:7.2f} ms   kept : flushed {ms['ratio']:.2f}"
            )
    if not options.quick:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps({"B": B, "H": H, "T": T, "rows": rows, **machine()}, indent=1))


if __name__ == "__main__":
    main()
