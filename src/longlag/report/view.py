"""All that a report reads of a study, each part computed once, when it is first asked for."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from longlag.records.examination import Inside, examined
from longlag.records.extrapolation import Beyond, read
from longlag.records.gradient_decay import Outcome, outcomes
from longlag.records.overall import Overall, overall
from longlag.records.reader import Study
from longlag.records.seed_groups import Group, grouped, horizon, settings, study_groups
from longlag.records.speed import Costs, read_costs
from longlag.records.tuning import Trials, read_trials
from longlag.stats import Horizon

Rows = dict[str, list[Group]]  # the rows of each setting: a task at a length


@dataclass(frozen=True)
class View:
    """A study as tables, figures and sentences see it."""

    study: Study

    @cached_property
    def groups(self) -> list[Group]:
        """Return every row: the seeds of a cell on a task at a length."""
        return study_groups(self.study)

    @cached_property
    def rows(self) -> Rows:
        """Return the rows of each setting."""
        return settings(self.groups)

    @cached_property
    def cells(self) -> list[str]:
        """List the labels of the cells."""
        return list(dict.fromkeys(g.label for g in self.groups))

    @cached_property
    def probed(self) -> Rows:
        """Return the rows whose gradient was probed."""
        found = {s: [g for g in gs if g.paths] for s, gs in self.rows.items()}
        return {s: gs for s, gs in found.items() if gs}

    @cached_property
    def main(self) -> str:
        """Choose the setting of the main figure."""
        return headline(self.probed or self.rows)

    @property
    def deep(self) -> bool:
        """Tell whether a model has several layers."""
        return any(len({p.layer for p in g.paths}) > 1 for g in self.groups)

    @cached_property
    def ladders(self) -> Rows:
        """Return the rows of the tasks with a criterion that ran at more than one length."""
        judged = [g for g in self.groups if g.length is not None and g.solved is not None]
        tasks = grouped(judged, lambda g: g.task)
        return {t: gs for t, gs in tasks.items() if len({g.length for g in gs}) > 1}

    @cached_property
    def horizons(self) -> dict[str, dict[str, Horizon]]:
        """Return the memory horizon of each cell, by task."""
        found: dict[str, dict[str, Horizon]] = {}
        for task, groups in self.ladders.items():
            found[task] = {
                label: horizon([run for g in gs for run in g.runs], self.decided(cell, task))
                for (cell, label), gs in grouped(groups, lambda g: (g.cell, g.label)).items()
            }
        return found

    def decided(self, cell: str, task: str) -> bool:
        """Tell whether the climb of a ladder has ended, or the lengths were no ladder."""
        return bool(self.study.ladders.get((cell, task), {}).get("decided", True))

    def planned(self, g: Group) -> int:
        """Count the seeds a row was to have: more than it has where fewer decided its rung."""
        return int(self.study.ladders.get((g.cell, g.task), {}).get("seeds", len(g.runs)))

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """Return decay rate and success of every run that has both."""
        return outcomes(self.groups)

    @cached_property
    def trials(self) -> list[Trials]:
        """Return the learning rates that were tried."""
        return read_trials(self.study)

    @cached_property
    def overall(self) -> list[Overall]:
        """Add up every cell on all tasks, but for those whose ladders were climbed."""
        climbed = {task for _, task in self.study.ladders}
        return overall({s: gs for s, gs in self.rows.items() if gs[0].task not in climbed})

    @cached_property
    def examined(self) -> dict[str, list[Inside]]:
        """Return the cells that were examined, by setting."""
        return examined(self.rows)

    @cached_property
    def examined_main(self) -> list[Inside]:
        """Return those of the setting that says most."""
        return self.examined[headline({s: self.rows[s] for s in self.examined})]

    @cached_property
    def beyond(self) -> list[Beyond]:
        """Return the scores beyond the training length."""
        return [one for g in self.groups if (one := read(g))]

    @cached_property
    def costs(self) -> Costs | None:
        """Return what a step of each cell of the study costs; None if that was not measured."""
        found = read_costs(self.study.folder.parent)
        if found is None:
            return None
        classes = {str(r.setting("cell._target_")).rsplit(".", 1)[-1] for r in self.study.final}
        rows = tuple(row for row in found.speed if row.cell in classes)
        return replace(found, speed=rows) if rows else None


def headline(rows: Rows) -> str:
    """Choose the setting that says most: all cells, the widest spread of skill, the longest lag."""

    def weight(name: str) -> tuple[bool, int, float, int]:
        groups = rows[name]
        means = [float(np.mean(g.skills)) for g in groups]
        spread = max(means) - min(means)
        lag = groups[0].runs[0].lag or 0
        wide = round(0 if np.isnan(spread) else spread, 1)
        return any(g.paths for g in groups), len(groups), wide, lag

    return max(rows, key=weight)
