"""A synthetic atlas: every cell of conf/ on two ladders and a score, with known horizons."""

import json
from pathlib import Path

import numpy as np
import pytest

from longlag.records.headers import folder, header_of
from longlag.records.record import Criterion, Metrics, Network, Question, as_text
from longlag.records.untrained import Start, Untrained, write_untrained
from some_record import some_record

RUNGS = [5, 10, 20, 50, 100, 200]
CELLS = sorted(p.stem for p in (folder() / "cell").glob("*.yaml") if p.stem != "torchrecurrent")
STILL = {("ugrnn", "parity")}  # is still climbing
UNKNOWN = {("tcn", "parity")}  # has not begun
ODD = "gru"  # its gradient fades fastest, and it remembers longest


def bare(cell: str) -> bool:
    """Whether the cell has no recurrence."""
    return header_of("cell", cell).family == "no recurrence"


def decay(cell: str) -> float:
    """The decay rate at the start, nats per step: a place of its own for every cell."""
    return 9.0 if cell == ODD else 0.01 * (1 + CELLS.index(cell))


def held(cell: str, task: str) -> int:
    """How many rungs a cell holds: the more, the slower its gradient fades; on parity by chance."""
    if cell == ODD:
        return len(RUNGS)
    if task == "parity":
        return int(np.random.default_rng(CELLS.index(cell)).integers(0, 5))
    return round(5 * (1 - CELLS.index(cell) / len(CELLS)))


def record(cell: str, task: str, length: int | None, seed: int) -> str:
    """One run, as a line of a pack."""
    solved = length is not None and RUNGS.index(length) < held(cell, task)
    metric, way = ("mse", "min") if task == "adding" else ("accuracy", "max")
    metric, way = ("nll", "min") if length is None else (metric, way)
    value = 9.0 - 0.05 * CELLS.index(cell) + 0.3 * seed
    rule = Criterion(metric, 0.01, "a paper", met=solved) if length else None
    state = 0 if bare(cell) else 60
    found = some_record(
        id=f"{cell}-{task}-{length or 0}s{seed}",
        names={"cell": cell, "task": task, "stage": "final"},
        seed=seed,
        command=f"longlag train cell={cell} task={task} seed={seed}",
        model=Network(10_000, state, 30, 1, 0 if bare(cell) else 1),
        task=Question(length=length),
        score=metric,
        directions={metric: way},
        metrics=Metrics({metric: value}, {metric: value}),
        solved=rule,
    )
    return json.dumps(json.loads(as_text(found)))


def write_atlas(path: Path) -> Path:
    """The records, the plan and what is known of the untrained cells."""
    path.mkdir(parents=True)
    lines, chosen, ladders, final, starts = [], [], [], [], []
    for task in ("adding", "parity", "chorales"):
        for cell in CELLS:
            chosen.append({"cell": cell, "task": task, "overrides": [], "trials": []})
            lengths = [None] if task == "chorales" else RUNGS[: held(cell, task) + 2]
            lengths = RUNGS[:1] if (cell, task) in STILL else lengths
            if task != "chorales":
                climbed = {"cell": cell, "task": task, "lengths": RUNGS, "seeds": 5}
                ladders.append(climbed | {"decided": (cell, task) not in STILL | UNKNOWN})
            for length in [] if (cell, task) in UNKNOWN else lengths:
                lines += [record(cell, task, length, seed) for seed in range(5)]
                final += [f"{cell}-{task}-{length or 0}s{seed}" for seed in range(5)]
            starts.append(start(cell, task))
    plan = {"study": path.name, "title": "A synthetic atlas", "chosen": chosen, "ladders": ladders}
    plan |= {"stages": [{"name": "final", "ids": final}], "failed": []}
    (path / "plan.json").write_text(json.dumps(plan))
    (path / "records.jsonl").write_text("\n".join(lines) + "\n")
    times = {cell: 1000.0 + 10 * i for i, cell in enumerate(CELLS)}
    write_untrained(path, Untrained(starts, times, ["task=adding"]))
    return path


def start(cell: str, task: str) -> Start:
    """Before training: five seeds alike."""
    T, rate = None if task == "chorales" else 100, decay(cell)
    none: list[float | None] = [None] * 5
    profile = [] if bare(cell) else [(k, -rate * k / np.log(10)) for k in range(0, 100, 9)]
    values = (none, none) if bare(cell) else ([rate] * 5, [-rate] * 5)
    state = 0 if bare(cell) else 60
    return Start(cell, task, T, 10_000, state, *values, none, profile)


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory) -> Path:
    """A whole atlas, with its files written, once for all tests."""
    from longlag.report import atlas

    folder = write_atlas(tmp_path_factory.mktemp("results") / "atlas")
    atlas.write_atlas(folder)
    return folder
