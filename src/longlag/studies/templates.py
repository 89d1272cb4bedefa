"""The configs that the runs of a study are made from: each cell and each task is composed once.

Composing takes a tenth of a second, and a study of 40 cells on 8 tasks has 320 pairs of them.
What a cell brings to a config and what a task brings are joined where neither touches the other's
part; where one does, the pair is composed by itself.
"""

from pathlib import Path
from typing import Any

from longlag.runs.config import Template, first_part, template
from longlag.runs.fill import Settings
from longlag.studies.study import Place, Study

OF_CELL = ("cell", "model")  # the parts of a config that a cell brings


class Templates:
    """Composes the settings that all runs of a cell on a task share.

    Args:
        study: whose runs.
        config_dir: of the user's own groups.
    """

    def __init__(self, study: Study, config_dir: Path | None = None) -> None:
        self.study, self.config_dir = study, config_dir
        self.composed: dict[tuple[str, ...], Template] = {}

    def of(self, cell: str, task: str) -> Template:
        """Return the settings of a pair, the same as if composed by itself.

        Raises:
            LonglagError: an unknown choice or key.
        """
        study = self.study
        first_cell, first_task = study.cells[0], next(iter(study.tasks))
        own = any(first_part(word) in OF_CELL for word in study.tasks[task])
        if own or min(len(study.cells), len(study.tasks)) == 1:
            return self.alone(cell, task)
        base, of_cell = self.alone(first_cell, first_task), self.alone(cell, first_task)
        of_task = self.alone(first_cell, task)
        if rest(of_cell) != rest(base) or part(of_task) != part(base):
            return self.alone(cell, task)
        values = of_task.settings.values | {name: of_cell.settings.values[name] for name in OF_CELL}
        names = of_task.names | {name: of_cell.names[name] for name in OF_CELL}
        return Template(Settings.of_plain(values), names, self.words(cell, task), self.config_dir)

    def alone(self, cell: str, task: str) -> Template:
        """Compose a pair by itself, once."""
        words = self.words(cell, task)
        if words not in self.composed:
            names = {"study": self.study.name}
            self.composed[words] = template(words, self.config_dir, names)
        return self.composed[words]

    def words(self, cell: str, task: str) -> tuple[str, ...]:
        """Return the overrides that the runs of a pair share."""
        return self.study.point(Place(cell, task), 0.0, 0).shared


def part(made: Template) -> Any:
    """Return what a cell brings."""
    return [[of[name] for name in OF_CELL] for of in (made.settings.values, made.names)]


def rest(made: Template) -> Any:
    """Return all but what a cell brings."""
    both = made.settings.values, made.names
    return [{k: v for k, v in of.items() if k not in OF_CELL} for of in both]
