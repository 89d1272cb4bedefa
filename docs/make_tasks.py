"""Write docs/tasks.md, docs/criteria.md and the headers of conf/task from the tasks themselves.

A task's class is the home of its source, and of its gloss where one yaml alone names the class; the
display name stands in the yaml. `python docs/make_tasks.py` brings all the rest up to date.
"""

import inspect
from collections import Counter
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.records.headers import folder
from longlag.tasks.base import Task, rises
from longlag.tasks.show import show

DOCS = Path(__file__).parent
HEAD = """# The synthetic tasks

Written by `python docs/make_tasks.py` from the tasks' own docstrings; a test holds it against
them. Every batch is drawn on the fly from its seed; real data are in [data.md](data.md), the
criteria of all tasks in [criteria.md](criteria.md). The drawn example is the first training
sequence of seed 0, as `longlag show task=NAME` prints it.
"""
CRITERIA = """# When a task counts as solved

Written by `python docs/make_tasks.py`; a test holds it against the tasks. A criterion is a paper's
only where the paper states it, with what is checked here in its place; every other one is longlag's
own. It is checked on validation. The floor is what an answer that ignores the past gets, often in
another metric. Tasks that are not listed have no criterion.

| `task=` | solved when | whose criterion | floor |
|---|---|---|---|
"""


def tasks() -> list[tuple[Path, Task]]:
    """Every synthetic task of conf/, at its defaults."""
    found = []
    for path in sorted((folder() / "task").glob("*.yaml")):
        if not is_data(OmegaConf.load(path)._target_):
            found.append((path, instantiate(OmegaConf.load(path))))
    return found


def is_data(target: str) -> bool:
    """Whether a class reads data, by the module that it is from."""
    return class_of(target).__module__.startswith("longlag.tasks.data")


def class_of(target: str) -> type[Task]:
    """Import the task class that a yaml names."""
    import longlag.tasks

    return getattr(longlag.tasks, target.rpartition(".")[2])


def page() -> str:
    """Return docs/tasks.md."""
    return "\n".join([HEAD, *(entry(path.stem, task) for path, task in tasks())])


def entry(name: str, task: Task) -> str:
    """Return a task's definition, ladder and example."""
    lines = [f"## `task={name}`", "", "```text", inspect.getdoc(type(task)) or "", "```", ""]
    if task.ladder:
        steps = ", ".join(map(str, task.ladder))
        lines += [f"Lengths of its ladder: {steps}.", ""]
    if task.few:
        lines += [f"The splits may share sequences, for {task.few}.", ""]
    return "\n".join([*lines, "```text", show(task), "```", ""])


def criteria() -> str:
    """Return docs/criteria.md."""
    rows = []
    for path, task in tasks():
        if (solved := task.spec.solved) is None:
            continue
        sign = "at least" if rises(solved.metric) else "at most"
        rule = f"{solved.metric} {sign} {solved.threshold:.4g}"
        if solved.metric == "within":
            rule += f" (every output less than {task.spec.tolerance:.3g} off)"
        floor = task.spec.floors[0]
        rows.append(
            f"| {path.stem} | {rule} | {solved.source} | {floor.metric} {floor.value:.4g} |\n"
        )
    return CRITERIA + "".join(rows)


def with_header(path: Path, named: Counter[str]) -> str:
    """Return a yaml with the source, and with the gloss if it alone names its class."""
    text = path.read_text()
    target = OmegaConf.load(path)._target_
    make, lines = class_of(target), text.splitlines()
    if named[target] == 1:
        lines[0] = f"# {(inspect.getdoc(make) or '').splitlines()[0]}"
    at = next(i for i, line in enumerate(lines) if line.startswith("# source: "))
    lines[at] = f"# source: {make.source}"
    return "\n".join(lines) + "\n"


def written() -> dict[Path, str]:
    """Return everything that this script writes."""
    paths = sorted((folder() / "task").glob("*.yaml"))
    named = Counter(OmegaConf.load(path)._target_ for path in paths)
    headers = {path: with_header(path, named) for path in paths}
    return {DOCS / "tasks.md": page(), DOCS / "criteria.md": criteria(), **headers}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
