"""A run in W&B: it tells nothing of the machine, and is one run however often it was killed."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from longlag.errors import LonglagError
from longlag.records.discretion import told
from longlag.records.record import Record
from longlag.runs import panels, wandb_panels
from longlag.runs.config import Config
from longlag.runs.loggers import SafeLogger, title_of
from longlag.runs.wandb_upload import FINISHED

UNFINISHED = "unfinished"  # a file in the folder of any other run, which holds its id


def wandb_logger(
    folder: Path,
    config: Config,
    mode: Literal["offline", "online", "disabled"] = "offline",
    project: str = "longlag",
    entity: str | None = None,
    group: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    notes: str | None = None,
    weights: bool = False,
) -> SafeLogger:
    """Open a W&B run that keeps no machine, program, folder or arguments.

    Args:
        folder: of the study; W&B writes its own folder below it.
        config: of the run.
        mode: offline, online (needs an account) or disabled.
        project: of W&B.
        entity: user or team; None: the account's own.
        group: None: study and task.
        name: None: cell, task, length, learning rate and seed.
        tags: besides study, cell and task.
        notes: on the run.
        weights: whether the chosen model is logged as an artifact, of which W&B keeps a copy in
            the user's home until it is sent.

    Raises:
        LonglagError: another mode.
    """
    if mode not in ("offline", "online", "disabled"):
        raise LonglagError(f"logger.mode must be offline, online or disabled, not {mode!r}")
    own = {"entity": entity, "group": group, "name": name, "notes": notes}
    chosen = {key: value for key, value in own.items() if value is not None}
    described = describe(config) | chosen
    described["tags"] = [*described["tags"], *tags]
    run = open_run(folder, config.id, mode, project=project, **told(described))
    return logger_of(run, weights)


def describe(config: Config) -> dict[str, Any]:
    """Return what W&B tells runs apart and sorts them by."""
    names, study = config.names, config.names.get("study") or "single"
    return {
        "name": title_of(config),
        "group": f"{study}/{names['task']}",
        "job_type": names.get("stage") or "single",  # of a study: tune or final
        "tags": [study, names["cell"], names["task"]],
        "config": {**config.scientific, "names": names, "id": config.id},
    }


def open_run(folder: Path, run_id: str, mode: Any, **described: Any) -> Any:
    """Open a run of W&B in the place of one that was broken off, if there is one.

    That one's folder goes, because all that it held is told again; its id stays, so that it is one
    run for W&B too, which may have been sent a part.
    """
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    known = None
    for marker in folder.glob(f"wandb/*run-*/{UNFINISHED}"):
        if marker.read_text() == run_id:
            known = marker.parent.name.rpartition("-")[2]
            shutil.rmtree(marker.parent)
    run = wandb.init(
        id=known,
        mode=mode,
        dir=str(folder),
        settings=private_settings(),
        reinit="create_new",
        **described,
    )
    run.define_metric("*", step_metric="step")
    if mode != "disabled":
        (Path(run.dir).parent / UNFINISHED).write_text(run_id)
    return run


def logger_of(run: Any, weights: bool) -> SafeLogger:
    """Make the logger of an open run; `weights` as above."""
    folder = Path(run.dir).parent

    def send(values: Mapping[str, Any], step: int) -> None:
        wandb_panels.keep_tables(values, run)
        run.log({**values, "step": step})

    def close(success: bool) -> None:
        run.finish(exit_code=0 if success else 1)
        delete_logs(folder)
        if success and (folder / UNFINISHED).exists():
            (folder / UNFINISHED).rename(folder / FINISHED)  # for `longlag sync`

    def draw(record: Record, arrays: dict[str, Any]) -> dict[str, Any]:
        return panels.summary(record, arrays) | wandb_panels.flow(record, arrays)

    def keep(record: Record, held: bytes) -> None:
        wandb_panels.log_weights(run, record, held)

    return SafeLogger(send, close, draw, keep if weights else None)


def delete_logs(folder: Path) -> None:
    """Delete W&B's own logs in a run's folder, which name the machine, and the links to them."""
    shutil.rmtree(folder / "logs", ignore_errors=True)
    for link in folder.parent.glob("debug*.log"):
        if not link.exists():
            link.unlink(missing_ok=True)


def private_settings() -> Any:
    """Return settings of W&B that keep the machine, the program and its arguments to ourselves."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        disable_git=True,
        disable_code=True,
        save_code=False,
        x_disable_stats=True,
        x_disable_meta=True,  # program, arguments, folder, host: none is to be sent
        x_save_requirements=False,
        host="longlag",  # else W&B asks the machine
        program="longlag",  # else where it lies, in the user's home perhaps
    )
