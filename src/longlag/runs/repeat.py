"""Run a record's own configuration again, after a look at what it asks to be built."""

import tempfile
from pathlib import Path

from omegaconf import OmegaConf

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
    refuse_strangers(run.config, config_dir)
    values = {**resolve(["logger=none"]).plain, **run.config}
    check_settings(values)
    names = {key: str(value) for key, value in run.record.names.items()}
    config = Config(OmegaConf.create(values), names, (), config_dir)
    with tempfile.TemporaryDirectory() as folder:
        return execute(config, Path(folder)).record
