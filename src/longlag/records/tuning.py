"""The learning rates that were tried for a cell on a task, and which one was chosen."""

from dataclasses import dataclass

import numpy as np

from longlag.records.headers import display_name
from longlag.records.reader import Study
from longlag.records.record import Json
from longlag.records.run import number
from longlag.records.seed_groups import setting_label


@dataclass(frozen=True)
class Trials:
    """One row of the tuning stage."""

    cell: str
    label: str
    setting: str
    metric: str
    rises: bool
    rates: np.ndarray  # rising
    values: np.ndarray  # the mean validation score of each; NaN where a run diverged or failed
    solved: np.ndarray  # whether every run of it met the criterion, and stopped there
    chosen: float
    bracketed: bool  # worse rates were tried below the chosen one and above it


def read_trials(study: Study) -> list[Trials]:
    """Read what the plan says of its tuning stage; nothing if it has none."""
    found = [read_row(study, entry) for entry in study.plan.get("chosen", ())]
    return [t for t in found if t is not None and len(t.rates) > 1]


def read_row(study: Study, entry: Json) -> Trials | None:
    """Read a row of the plan; None if none of its trials left a record."""
    listed = sorted(entry.get("trials", ()), key=lambda trial: number(trial.get("lr")))
    runs = [study.by_id[t["id"]] for t in listed if t["id"] in study.by_id]
    if not runs:
        return None
    overrides = [
        o.split("=", 1)[1] for o in entry.get("overrides", ()) if o.startswith("optim.lr=")
    ]
    chosen = number(overrides[0]) if overrides else float("nan")
    tried = np.array([number(t.get("lr")) for t in listed])
    values = np.array([number(t.get("value")) for t in listed])
    solved = np.array([met(study, t) for t in listed])
    rates = np.unique(tried)
    inside = bool(np.nanmin(rates) < chosen < np.nanmax(rates))
    length = runs[0].length
    return Trials(
        cell=entry["cell"],
        label=display_name(entry["cell"]),
        setting=setting_label(entry["task"], length),
        metric=runs[0].metric,
        rises=runs[0].rises,
        rates=rates,
        values=np.array([values[tried == rate].mean() for rate in rates]),
        solved=np.array([solved[tried == rate].all() for rate in rates]),
        chosen=chosen,
        bracketed=bool(entry.get("bracketed", inside)),
    )


def met(study: Study, trial: Json) -> bool:
    """Tell whether a trial solved its task."""
    run = study.by_id.get(trial["id"])
    return run is not None and bool(run.solved)
