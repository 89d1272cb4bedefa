"""One run, in a worker that other runs have used before it; whatever happens leaves a trace."""

import traceback
from pathlib import Path

from longlag.errors import LonglagError
from longlag.records.store import Store
from longlag.runs.config import Config
from longlag.studies.lease import lease


def record_run(config: Config, results: Path, study: str, run_id: str) -> str:
    """Run a config and keep what comes of it: `done`, `failed` or, if recorded before, `known`.

    A run that another process is at is left to it: `elsewhere`.

    Args:
        config: of the run.
        results: the folder of all studies.
        study: the name of this one.
        run_id: that the config had when the study began.
    """
    store = Store(results, study)
    if store.has(run_id):
        return "known"
    with lease(store.folder / ".leases", run_id) as ours:
        return run_and_record(config, store, run_id) if ours else "elsewhere"


def run_and_record(config: Config, store: Store, run_id: str) -> str:
    """Run a config and keep its record, or why there is none."""
    if store.has(run_id):  # since it was leased
        return "known"
    try:
        from longlag.runs.run import execute

        if config.id != run_id:
            raise LonglagError(
                f"the source of its classes changed while {store.folder.name} ran; "
                "start the command again"
            )
        store.save(*execute(config, store.folder))
        return "done"
    except (Exception, SystemExit) as error:  # any: one broken run must not cost the others
        first = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {first[0] if first else 'no reason given'}"
        if isinstance(error, LonglagError):
            reason = str(error)
        store.fail(run_id, config.command, reason, traceback.format_exc())
        return "failed"
