"""docs/tasks.md, written from the tasks themselves: `python -m longlag.pages`."""

import inspect
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.runs.config import folder
from longlag.tasks.base import Task
from longlag.tasks.show import show

OUT = Path("docs/tasks.md")
HEAD = """# The synthetic tasks

Written by `python -m longlag.pages` from the tasks' own docstrings; a test holds it against
them. Every batch is drawn on the fly from its seed; real data are in [data.md](data.md). The drawn
example is the first training sequence of seed 0, as `longlag show task=NAME` prints it.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for path in sorted((folder() / "task").glob("*.yaml")):
        task = instantiate(OmegaConf.load(path))
        if not type(task).__module__.startswith("longlag.tasks.data"):
            parts.append(entry(path.stem, task))
    return "\n".join(parts)


def entry(name: str, task: Task) -> str:
    """A task's definition, ladder and example."""
    lines = [f"## `task={name}`", "", "```text", inspect.getdoc(type(task)) or "", "```", ""]
    if task.ladder:
        steps = ", ".join(map(str, task.ladder))
        lines += [f"Lengths of its ladder: {steps}.", ""]
    return "\n".join([*lines, "```text", show(task), "```", ""])


if __name__ == "__main__":
    OUT.write_text(page())
    print(OUT)
