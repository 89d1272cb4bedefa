"""How far the same command agrees with itself on another backend, instruction set or thread count.

Trains two runs in several ways, each in a process of its own, and prints where each curve of the
validation score leaves the first one, and where it ends.  docs/agreement.md quotes it.

    python benchmarks/agreement.py [--quick]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

RUNS = {
    "LSTM on adding, T = 50": "cell=lstm task=adding optim.lr=0.02 trainer.max_steps=600 seed=1",
    "RNN on sine, T = 50": "cell=rnn task=sine optim.lr=0.01 trainer.max_steps=500 seed=0",
}
SHARED = (
    "task.length=50 trainer.validate_every=10 trainer.stop_when_solved=false trainer.test_size=64 "
    "logger=none probe=off"
)
AVX2 = (("ATEN_CPU_CAPABILITY", "avx2"), ("ONEDNN_MAX_CPU_ISA", "AVX2"), ("MKL_CBWR", "AVX2"))


class Way(NamedTuple):
    """One way to run the same thing."""

    name: str
    settings: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    march: str = "native"  # what the step compiler compiles for


WAYS = (
    Way("compiled, 1 thread", "model.backend=compiled"),
    Way("the same once more", "model.backend=compiled"),
    Way("loop", "model.backend=loop"),
    Way("fused", "model.backend=fused"),
    Way("compiled, 2 threads", "model.backend=compiled threads=2"),
    Way("compiled, AVX2", "model.backend=compiled", AVX2, "haswell"),
)


def train(settings: list[str], march: str) -> None:
    """Train in this process and print the curve of the validation score as JSON."""
    from longlag.engine import c_compiler
    from longlag.runs.config import resolve
    from longlag.runs.instantiate import build
    from longlag.runs.run import execute

    c_compiler.FLAGS[:] = [f.replace("=native", f"={march}") for f in c_compiler.FLAGS]
    config = resolve(settings)
    score = build(config.values.task).spec.metrics[0]
    curve = execute(config, Path(".")).curve
    values = [p.value for p in curve if (p.split, p.metric) == ("validation", score)]
    json.dump(values, sys.stdout)


def curve(way: Way, settings: str, cache: str) -> list[float]:
    """Train in a process of its own."""
    words = [*settings.split(), *SHARED.split(), *way.settings.split()]
    done = subprocess.run(
        [sys.executable, __file__, "--march", way.march, "--train", *words],
        env={**os.environ, **dict(way.environment), "LONGLAG_CACHE": f"{cache}/{way.march}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def compare(want: list[float], got: list[float], every: int) -> str:
    """Write where two curves differ by more than 1e-6 and by more than 1 %, and the last value."""
    gaps = [abs(a - b) / abs(a) for a, b in zip(want, got, strict=True)]
    if want == got:
        return f"{'every bit':>12} {'':>12} {got[-1]:>12.5g}"
    first = (next((every * (i + 1) for i, gap in enumerate(gaps) if gap > most), None)
             for most in (1e-6, 0.01))  # fmt: skip
    steps = " ".join(f"{'-' if step is None else step:>12}" for step in first)
    return f"{steps} {got[-1]:>12.5g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few steps")
    parser.add_argument("--march", default="native", help=argparse.SUPPRESS)
    parser.add_argument("--train", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train(options.train, options.march)
        return
    more = " trainer.max_steps=20 trainer.validation_size=16" if options.quick else ""
    with tempfile.TemporaryDirectory() as cache:
        for name, settings in RUNS.items():
            print(f"\n{name:24} {'differs from':>12} {'by 1 % from':>12} {'score at':>12}")
            print(f"{'':24} {'step':>12} {'step':>12} {'the end':>12}")
            first: list[float] = []
            for way in WAYS:
                found = curve(way, settings + more, cache)
                first = first or found
                print(f"{way.name:24} {compare(first, found, 10)}", flush=True)


if __name__ == "__main__":
    main()
