"""`longlag dashboard study=NAME`: a W&B workspace and report of a study, as code."""

import argparse
from pathlib import Path
from typing import Any

from longlag.errors import look_for
from longlag.runs.config import resolve
from longlag.runs.wandb_upload import has_account


def run(arguments: argparse.Namespace) -> int:
    """Write dashboard.json beside the records and, with an account, save both at W&B."""
    look_for("wandb_workspaces")
    from longlag.records.reader import read_study
    from longlag.runs.wandb_dashboard import dashboard, write

    config = resolve(arguments.words, arguments.config_dir)
    folder = Path(config.values.results) / (config.names.get("study") or "single")
    logger, online = config.values.logger, has_account() and not arguments.dry_run
    made = dashboard(
        read_study(folder), entity_of(logger, online), logger.get("project", "longlag")
    )
    print(write(made, folder))
    if not online:
        print("not sent: that needs an account (`wandb login`) and a call without --dry-run")
        return 0
    for part in made:
        print(part.save().url)
    return 0


def entity_of(logger: Any, online: bool) -> str:
    """Return the user or team: as it is set, else the account's own."""
    if logger.get("entity"):
        return logger.entity
    if not online:
        return "entity"
    import wandb

    return wandb.Api().default_entity or ""
