"""What the pages are told: the studies of a results folder, and the curves of a run, as JSON."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from longlag.records.headers import display_name
from longlag.records.live import is_live, live_runs
from longlag.records.reader import failures, holds_records, read_json, read_runs
from longlag.records.run import Run
from longlag.records.seed_groups import task_label
from longlag.records.side_files import parts, profile
from longlag.serve.lines import known, label, logs, thinned
from longlag.serve.training import lines_of_live, progress, row_of_live

Signature = tuple[int | None, ...]


class Library:
    """Read studies when they are asked for, and again only when their folder changed.

    Args:
        results: the folder of all studies.
        planned: how many runs a study has that is under way; None where nobody knows.
    """

    def __init__(self, results: Path, planned: Callable[[str], int | None]) -> None:
        self.results, self.planned = results, planned
        self._known: dict[str, tuple[Signature, dict[str, Run]]] = {}

    def names(self) -> list[str]:
        """List the studies with a record, a failure or a training; no other name is opened."""
        if not self.results.is_dir():
            return []
        folders = (path for path in self.results.iterdir() if path.is_dir())
        return sorted(
            p.name for p in folders if holds_records(p) or is_live(p) or (p / "failed").is_dir()
        )

    def runs(self, study: str) -> dict[str, Run]:
        """Return the whole records of a study by id.

        Raises:
            KeyError: there is no such study.
        """
        if study not in self.names():
            raise KeyError(study)
        folder = self.results / study
        now = tuple(changed(folder / name) for name in (".", "records.jsonl"))
        if study not in self._known or self._known[study][0] != now:
            self._known[study] = now, {run.id: run for run in read_runs(folder)[0]}
        return self._known[study][1]

    def study(self, name: str) -> dict[str, Any]:
        """Tell how far a study is, and list its runs.

        Raises:
            KeyError: there is no such study.
        """
        runs, folder = self.runs(name), self.results / name
        plan = self.plan(name)
        stages = {id: stage["name"] for stage in plan.get("stages", ()) for id in stage["ids"]}
        live = list(live_runs(folder, runs))
        failed = [entry for id, entry in failures(folder).items() if id not in runs]
        return {
            "name": name,
            "title": plan.get("title") or name,
            "question": plan.get("question", ""),
            "done": len(runs),
            "total": len(stages) or self.planned(name),
            "failed": [{key: str(entry[key]) for key in ("command", "error")} for entry in failed],
            "report": (folder / "report.html").is_file(),
            "live": [progress(id, told) for id, told in live],
            "runs": [
                *(row_of_live(id, told) for id, told in live),
                *(row(run, stages.get(run.id, "")) for run in runs.values()),
            ],
        }

    def plan(self, name: str) -> dict[str, Any]:
        """Return plan.json of a study; empty where there is none yet."""
        try:
            return read_json(self.results / name / "plan.json")
        except (OSError, ValueError):
            return {}

    def run(self, study: str, run_id: str) -> dict[str, Any]:
        """Return the curves and the gradient profiles of a run.

        Raises:
            KeyError: there is no such study or run.
        """
        runs = self.runs(study)
        if run_id not in runs:
            return lines_of_live(run_id, dict(live_runs(self.results / study, runs))[run_id])
        run = runs[run_id]
        paths = [path for path in parts(set(run.probe), "profile") if path.layer == 0]
        ends = {"initial": 0, "trained": -1}
        return {
            "id": run.id,
            "label": label(run.cell, run.task, run.length, run.seed),
            "command": run.command,
            "metric": run.metric,
            "curves": {
                f"{split}/{metric}": thinned(zip(rows[:, 0], rows[:, 2], strict=True))
                for (split, metric), rows in run.curve.items()
            },
            "profiles": {
                name: {path.leaf: logs(profile(run.probe, path, at)) for path in paths}
                for name, at in ends.items()
            },
        }

    def report(self, study: str) -> Path:
        """Return where the report of a study lies.

        Raises:
            KeyError: there is no such study, or no report of it.
        """
        path = self.results / study / "report.html"
        if study not in self.names() or not path.is_file():
            raise KeyError(study)
        return path


def row(run: Run, stage: str) -> dict[str, Any]:
    """Return what the table says of a run."""
    return {
        "id": run.id,
        "cell": display_name(run.cell),
        "task": task_label(run.task),
        "length": run.length,
        "rate": known(run.rate),
        "seed": run.seed,
        "stage": stage,
        "status": run.status,
        "metric": run.metric,
        "score": known(run.score()),
        "skill": known(run.skill),
        "seconds": known(run.seconds),
        "date": f"{run.record.date:%Y-%m-%d %H:%M}" if run.record.date else "",
    }


def changed(path: Path) -> int | None:
    """Return when a file or folder changed last; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None
