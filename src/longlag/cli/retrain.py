"""Train the median runs of a study again, for their weights: these are not committed."""

from collections.abc import Sequence
from pathlib import Path

from longlag.cli.terminal import console
from longlag.errors import LonglagError
from longlag.records.examination import Median
from longlag.records.reader import read_run
from longlag.runs.config import Config

FOLDER = "retrained"  # below the folder of all studies
OUT = console()


def retrain(study: Path, chosen: Sequence[Median], config_dir: Path | None) -> list[Median]:
    """Train those without weights again, and give all with the folders that hold weights.

    Args:
        study: results/<study>.
        chosen: its median runs.
        config_dir: of the user's own groups.

    Raises:
        LonglagError: a run was recorded by other code than there is now, or failed.
    """
    from longlag.cli.carry import carry, make_executor
    from longlag.records.store import Store
    from longlag.runs.instantiate import check
    from longlag.studies.runner import Runner

    configs = {m.folder: repeated(m, study, config_dir) for m in chosen if m.bare}
    for config in configs.values():
        check(config)
    store = Store(study.parent / FOLDER, study.name)
    store.prepare()
    some = next(iter(configs.values()))
    runner = Runner(store, make_executor(some, some.values.threads))
    if carry(runner, list(configs.values())) == 130:
        raise KeyboardInterrupt
    for run_id in runner.failed:
        raise LonglagError(f"{run_id} failed: {store.failures()[run_id]['error']}")
    return [
        median._replace(folder=store.folder / median.folder.name) if median.bare else median
        for median in chosen
    ]


def repeated(median: Median, study: Path, config_dir: Path | None) -> Config:
    """Return the config that repeats a run, of nothing that may not be built from a record.

    Raises:
        LonglagError: its class or task has changed since, or it names a stranger's class.
    """
    from longlag.runs.repeat import recorded_config

    config = recorded_config(read_run(median.folder), config_dir)
    if config.id != median.folder.name:
        raise LonglagError(
            f"{median.folder.name} cannot be trained again: its cell, task or settings changed "
            f"since it was recorded; `longlag bench study={study.name}` trains the study anew"
        )
    return config


def same_numbers(old: Path, new: Path) -> bool:
    """Tell whether two records of a run have the same metrics."""
    return read_run(old).record.metrics == read_run(new).record.metrics
