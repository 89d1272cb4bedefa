"""`longlag sync study=NAME`: send finished offline runs and the report to W&B, each once."""

import argparse
from pathlib import Path

from longlag.errors import LonglagError
from longlag.runs import wandb_upload
from longlag.runs.config import resolve


def run(arguments: argparse.Namespace) -> int:
    """Send what was not sent; say how many were sent, were there, still run, and broke off.

    Raises:
        LonglagError: there is nothing of the study, no account, or W&B did not take it.
    """
    config = resolve(arguments.words, arguments.config_dir)
    study = config.names.get("study") or "single"
    folder = Path(config.values.results) / study
    runs = wandb_upload.offline_runs(folder)
    if not runs:
        raise LonglagError(f"no offline run of W&B in {folder}; run with logger=wandb first")
    left = [run for run in runs if not wandb_upload.is_sent(run)]
    due = [run for run in left if wandb_upload.is_finished(run)]
    broken_off = sum(map(wandb_upload.is_broken_off, left))
    sent, under_way = len(runs) - len(left), len(left) - len(due) - broken_off
    print(f"{len(due)} runs to send, {sent} sent before, {under_way} under way")
    if broken_off:
        print(f"{broken_off} broken off: left out until they are run to their end")
    if arguments.dry_run:
        return 0
    if not wandb_upload.has_account():
        raise LonglagError("no W&B account is known: run `wandb login`, or set WANDB_API_KEY")
    status = wandb_upload.upload(due)
    missing = sum(not wandb_upload.is_sent(run) for run in due)
    if status or missing:
        raise LonglagError(f"{missing} runs were not sent; run the command again to go on")
    logger = config.values.logger
    project, entity = logger.get("project", "longlag"), logger.get("entity")
    if wandb_upload.upload_report(folder, project, entity):
        print("the report was sent")
    return 0
