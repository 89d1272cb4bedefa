"""Synthetic studies: records, curves and probes with known decay rates, written to a folder."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tiny import TINY

PROBED = np.array([0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
LEAVES = {"rnn": ["h"], "lstm": ["h", "c"], "gru": ["h"]}
GATES = {"rnn": [], "lstm": ["f", "i", "o", "g~"], "gru": ["z", "r", "n~"]}
INITIAL = {("rnn", "h"): 0.55, ("lstm", "h"): 0.36, ("lstm", "c"): 0.33, ("gru", "h"): 0.48}
TASKS = {  # metric, floor, criterion, source
    "adding": ("mse", 1 / 6, 0.01, "Hochreiter & Schmidhuber 1997, exp. 4"),
    "digits": ("accuracy", 0.1, None, None),
    "copy": ("loss", 0.17, 0.002, "Arjovsky et al. 2016, section 4.1"),
}


def solves(cell: str, task: str, length: int | None, seed: int) -> bool:
    """Gated cells solve, but for one seed of the LSTM; the RNN solves short lags alone."""
    return (length or 64) <= 50 if cell == "rnn" else not (cell == "lstm" and seed == 4)


def final_rate(cell: str, solved: bool) -> float:
    """The decay rate after training."""
    return {True: 0.02, False: 0.4}[solved] + (0.02 if cell == "gru" else 0.0)


def config(cell: str, task: str, length: int | None, seed: int, lr: float) -> dict:
    arguments = {"_target_": f"longlag.tasks.{task.title()}"}
    return {
        "cell": {"_target_": f"longlag.cells.{cell}"},
        "task": arguments | ({"length": length} if length else {}),
        "model": {"hidden_size": 32, "layers": 1},
        "optim": {"_target_": "torch.optim.Adam", "lr": lr},
        "trainer": {"max_steps": 1000, "batch_size": 32, "clip": 1.0},
        "match": "params",
        "seed": seed,
    }


def write_record(folder: Path, cell: str, task: str, length: int | None, seed: int, lr: float):
    """One run's folder, as `longlag train` leaves it; returns its record."""
    metric, floor, threshold, source = TASKS[task]
    solved = solves(cell, task, length, seed)
    rng = np.random.default_rng([seed, len(cell), length or 64, int(lr * 1e6)])
    near = 0.03 if metric == "accuracy" else 0.02
    best = 1 - near if metric == "accuracy" else near * floor
    value = float((best if solved else floor) * rng.uniform(0.9, 1.0)) * (1 + abs(np.log10(lr) + 2))
    value = min(value, 0.99)
    id = f"{cell}-{task}-{length or 0}{seed}{int(lr * 1e4):04d}"
    record = {
        "schema": 1,
        "id": id,
        "names": {"cell": cell, "task": task},
        "seed": seed,
        "command": f"longlag train cell={cell} task={task} seed={seed} optim.lr={lr}"
        + (f" task.length={length}" if length else ""),
        "config": config(cell, task, length, seed, lr),
        "versions": {"longlag": "0.1.0", "torch": "2.13.0", "python": "3.11.2", "task": 1},
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "machine": {"device": "cpu", "threads": 1, "isa": "avx2", "system": "Linux"},
        "model": {"parameters": 4321, "state_size": 64, "hidden_size": 32, "layers": 1},
        "task": {"length": length, "lag": (length or 64) - 1, "kind": "regression", "source": "x"},
        "status": "solved" if solved and threshold else "finished",
        "score": metric,
        "directions": {metric: "max" if metric == "accuracy" else "min"},
        "metrics": {"validation": {metric: value * 1.01}, "test": {metric: value}},
        "floors": [{"metric": metric, "value": floor, "why": "the answer without the past"}],
        "solved": threshold
        and {"metric": metric, "threshold": threshold, "source": source, "met": solved}
        | {"step": 600 if solved else None, "sequences": 19200 if solved else None},
        "best_step": 900,
        "steps": 1000,
        "sequences": 32000,
        "seconds": {"setup": 0.2, "train": 9.5, "probe": 0.3, "evaluate": 0.4},
        "peak_memory_mb": 300,
    }
    path = folder / id
    path.mkdir(parents=True)
    (path / "record.json").write_text(json.dumps(record))
    write_curve(path / "curve.csv", metric, floor, value, rng)
    np.savez(path / "probe.npz", allow_pickle=False, **probe(cell, length or 64, solved, rng))
    return record


def write_curve(path: Path, metric: str, floor: float, value: float, rng) -> None:
    """A curve that falls (or rises) from the floor to the score."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "sequences", "split", "metric", "value"])
        for step in range(50, 1001, 50):
            noise, share = rng.normal(0, 0.01), 1 / (1 + np.exp(-(step - 500) / 80))
            now = floor + (value - floor) * share + noise * floor
            rows.writerow([step, step * 32, "validation", metric, now])
            rows.writerow([step, step * 32, "train", "loss", now])


def probe(cell: str, steps: int, solved: bool, rng) -> dict[str, np.ndarray]:
    """Exponential profiles whose rate goes from the cell's initial one to its final one."""
    lag, names = np.arange(steps), ["cell.W_x.weight", "cell.W_h.weight", "head.weight"]
    share = np.linspace(0, 1, len(PROBED))[:, None]
    found: dict[str, np.ndarray] = {"steps": PROBED}
    for leaf in LEAVES[cell]:
        rate = INITIAL[cell, leaf] * (1 - share) + final_rate(cell, solved) * share
        rate = rate * rng.uniform(0.97, 1.03)
        found[f"profile/0/{leaf}"] = 0.1 * np.exp(-rate * lag + rng.normal(0, 0.05, (1, steps)))
    for letter in GATES[cell]:
        level = 0.7 if letter in "fz" else 0.4
        found[f"gate/0/{letter}"] = level + 0.2 * share + 0.02 * rng.normal(size=(1, steps))
    moments = np.arange(0, 1001, 100)
    before = np.exp(rng.normal(0, 1, (len(moments), len(names))))
    total = np.linalg.norm(before, axis=1)
    scale = np.minimum(1, 1 / total)[:, None]
    found |= {
        "parameter/names": np.array(names),
        "parameter/steps": moments,
        "parameter/before": before,
        "parameter/after": before * scale,
        "parameter/total_before": total,
        "parameter/total_after": total * scale[:, 0],
    }
    return found


def write_study(folder: Path, tasks, seeds=(0, 1, 2, 3, 4), rates=(0.001, 0.01, 0.03)) -> Path:
    """A whole study: every cell on every (task, length), tuned on seed 0 at every rate."""
    chosen, tune, final = [], [], []
    for task, length in tasks:
        for cell in LEAVES:
            trials = [write_record(folder, cell, task, length, 0, lr) for lr in rates]
            metric = TASKS[task][0]
            listed = [
                {"id": r["id"], "lr": r["config"]["optim"]["lr"],
                 "value": r["metrics"]["validation"][metric]}
                for r in trials
            ]  # fmt: skip
            seeded = [write_record(folder, cell, task, length, s, rates[1]) for s in seeds if s]
            tune += [r["id"] for r in trials]
            final += [trials[1]["id"], *(r["id"] for r in seeded)]
            chosen.append(
                {"cell": cell, "task": task, "overrides": [f"optim.lr={rates[1]}"]}
                | {"trials": listed}
            )
    failed = [{"id": "lstm-copy-dead", "error": "RuntimeError: no", "command": "longlag train"}]
    plan = {
        "study": folder.name,
        "title": "Which recurrent cell remembers, and why",
        "question": "How long can a vanilla RNN, an LSTM and a GRU remember, and does the "
        "gradient say why?",
        "stages": [{"name": "tune", "ids": tune}, {"name": "final", "ids": final}],
        "chosen": chosen,
        "failed": failed,
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder


LADDER = [("adding", 50), ("adding", 200), ("digits", None), ("copy", 60)]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two tasks, three cells, three seeds."""
    tasks = [("adding", 100), ("digits", None)]
    return write_study(tmp_path / "study", tasks, seeds=(0, 1, 4))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One task, three cells, three seeds, no tuning."""
    return write_study(tmp_path / "small", [("adding", 100)], seeds=(0, 1, 4), rates=(0.001, 0.01))


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """A study's folder with its report built, once for all tests."""
    from longlag.report import build

    folder = write_study(tmp_path_factory.mktemp("results") / "bench", LADDER)
    build(folder)
    return folder


STACKS = {"two": ("model.layers=2",), "both": ("model=bidirectional", "model.layers=2")}


def trained(folder: Path, cell: str, *how: str) -> None:
    """Train one small model into a study's folder."""
    from longlag.records.store import Store
    from longlag.runs.config import resolve
    from longlag.runs.run import execute

    store = Store(folder.parent, folder.name)
    store.prepare()
    for seed in (0, 1):
        store.save(
            *execute(resolve((*TINY, "logger=none", f"cell={cell}", f"seed={seed}", *how)), folder)
        )


@pytest.fixture(scope="session")
def stacks(tmp_path_factory) -> dict[str, Path]:
    """A study of an LSTM of two layers beside an RNN of one, and one of two that read both ways."""
    from longlag.report import build

    root = tmp_path_factory.mktemp("stacks")
    for name, how in STACKS.items():
        trained(root / name, "lstm", *how)
        trained(root / name, "rnn")
        build(root / name)
    return {name: root / name for name in STACKS}
