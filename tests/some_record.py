"""A record as small as a record can be, for tests of what is done with records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from longlag.records.record import Metrics, Network, Question, Record
from longlag.records.run import Run

RECORD = Record(
    id="lstm-adding-0123456789",
    names={"cell": "lstm", "task": "adding"},
    seed=0,
    command="longlag train cell=lstm task=adding",
    config={"trainer": {"max_steps": 100}, "optim": {"lr": 0.01}},
    model=Network(parameters=9, state_size=2, hidden_size=1, layers=1, cells=1),
    task=Question(length=20),
    status="finished",
    score="mse",
    directions={"mse": "min"},
    metrics=Metrics({"mse": 0.5}, {"mse": 0.5}),
)


def some_record(**changes: Any) -> Record:
    """The record with other values in some fields."""
    return replace(RECORD, **changes)


def some_run(**changes: Any) -> Run:
    """The run of such a record, in a folder that does not exist."""
    return Run(Path("nowhere"), some_record(**changes))
