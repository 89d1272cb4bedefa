"""Finished offline runs go to W&B, each once; so does the report of their study."""

import hashlib
import netrc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from longlag.errors import LonglagError

HOUR = 3600.0
FINISHED = "finished"  # a file in the folder of a run that came to its end
PAGES = ("report.html", "report.pdf", "report.md")


def has_account() -> bool:
    """Tell whether W&B finds a key in the environment or in the user's netrc file."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        known = netrc.netrc(os.environ.get("NETRC")).hosts
    except (OSError, netrc.NetrcParseError):
        return False
    return any("wandb" in host for host in known)


def offline_runs(study: Path) -> list[Path]:
    """List the offline runs of a study by their .wandb file."""
    return sorted(study.glob("wandb/offline-run-*/*.wandb"))


def is_sent(run: Path) -> bool:
    """Tell whether `wandb sync` has marked a run as uploaded."""
    return run.with_suffix(".wandb.synced").exists()


def is_finished(run: Path) -> bool:
    """Tell whether a run came to its end."""
    return (run.parent / FINISHED).exists()


def is_broken_off(run: Path) -> bool:
    """Tell whether a run did not come to its end, and nothing was written to it for an hour."""
    return not is_finished(run) and time.time() - run.stat().st_mtime > HOUR


def upload(runs: Sequence[Path]) -> int:
    """Have W&B upload runs, and mark each that it has; return its exit status."""
    if not runs:
        return 0
    folders = (str(run.parent.resolve()) for run in runs)
    with tempfile.TemporaryDirectory() as elsewhere:  # its log names the user and the machine
        command = [sys.executable, "-m", "wandb", "sync", *folders]
        surrounding = {**os.environ, "WANDB_DIR": elsewhere}
        return subprocess.run(command, check=False, env=surrounding, cwd=elsewhere).returncode


def digest(study: Path) -> str:
    """Return a digest of the report's pages; empty if there is no page to show."""
    if not (study / PAGES[0]).is_file():
        return ""
    contents = ((study / page).read_bytes() for page in PAGES if (study / page).is_file())
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def upload_report(
    study: Path, project: str, entity: str | None, mode: Literal["online", "offline"] = "online"
) -> bool:
    """Log the report as an HTML panel and an artifact, unless these very pages were sent before.

    Args:
        study: its folder.
        project: of W&B.
        entity: user or team; None: the account's own.
        mode: of W&B; offline keeps it beside the runs.

    Returns:
        Whether there was something to send.

    Raises:
        LonglagError: W&B did not take it.
    """
    marker, now = study / "wandb" / "report.sent", digest(study)
    if not now or (marker.is_file() and marker.read_text() == now):
        return False
    import wandb

    from longlag.runs.wandb_logger import delete_logs, private_settings

    try:
        with wandb.init(
            project=project, entity=entity, mode=mode, dir=str(study), settings=private_settings(),
            id=f"report-{study.name}", name=f"report {study.name}", resume="allow",
            group=study.name, job_type="report", tags=[study.name],
        ) as run:  # fmt: skip
            log_pages(run, study)
    except (wandb.Error, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise LonglagError(f"the report was not sent ({reason}); run the command again") from None
    finally:
        for folder in study.glob(f"wandb/*run-*-report-{study.name}"):
            delete_logs(folder)
    marker.parent.mkdir(exist_ok=True)
    marker.write_text(now)
    return True


def log_pages(run: Any, study: Path) -> None:
    """Log the pages of a report to a run of W&B; wait until they are there.

    Raises:
        ValueError: W&B did not take them.
    """
    import wandb

    run.log({"report": wandb.Html((study / PAGES[0]).read_text(), inject=False)})
    made = wandb.Artifact(f"report-{study.name}", type="report")
    for page in PAGES:
        if (study / page).is_file():
            made.add_file(str(study / page))
    run.log_artifact(made)
    if not run.offline:
        made.wait()
