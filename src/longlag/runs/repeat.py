"""Run a record's own configuration again, after a look at what it asks to be built."""

import shlex
import tempfile
from pathlib import Path

from longlag.records.record import Record
from longlag.records.run import Run
from longlag.runs.allow_list import refuse_strangers
from longlag.runs.config import Config, resolve
from longlag.runs.run import execute
from longlag.runs.settings import check_settings


def repeat_run(run: Run, config_dir: Path | None = None) -> Record:
    """Train a recorded run again and return its new record; nothing is kept on the disk.

    Args:
        run: whose configuration.
        config_dir: the user's own folder of groups, whose classes may be built.

    Raises:
        LonglagError: the record names a class that may not be built, or a setting that is not
            allowed.
    """
    config = recorded_config(run, config_dir)
    with tempfile.TemporaryDirectory() as folder:
        return execute(config, Path(folder)).record


def recorded_config(run: Run, config_dir: Path | None = None) -> Config:
    """Return the configuration of a record, whose command line is no more than words to read.

    Raises:
        LonglagError: as `repeat_run`.
    """
    refuse_strangers(run.config, config_dir)
    values = {**resolve(["logger=none"]).plain, **run.config}
    check_settings(values)
    names = {key: str(value) for key, value in run.record.names.items()}
    told = tuple(word for word in shlex.split(run.command)[2:] if "=" in word)
    return Config(values, names, told, config_dir)
