"""Where every number comes from: commands, failures, versions, machine and time."""

from longlag.records.record import known
from longlag.records.run import Run
from longlag.report.answers import counted
from longlag.report.document import Code, Table
from longlag.report.format import seconds
from longlag.report.tables.columns import build, words
from longlag.report.view import View


def commands(view: View) -> Code:
    """List the command of the first seed of each row."""
    lines = ((f"{g.setting}: {g.label}", g.runs[0].command) for g in view.groups)
    return Code(tuple(lines))


def facts(view: View) -> Table:
    """List versions, commits, machines and seconds of all runs, tuning included."""
    study, runs = view.study, view.study.runs
    chose = len(runs) - len(study.final)
    rows = [
        ("runs", f"{len(study.final)} that count" + (f" and {chose} that chose" if chose else "")),
        ("status", counted(run.status for run in runs)),
        ("commit", counted(commit(run) for run in runs)),
    ]
    for found in ([r.record.versions for r in runs], [known(r.record.machine) for r in runs]):
        for key in dict.fromkeys(key for one in found for key in one):
            rows.append((key, counted(str(one.get(key)) for one in found)))
    rows.append(("wall time", f"{seconds(sum(run.seconds for run in runs))}, all runs added up"))
    for part in dict.fromkeys(key for run in runs for key in run.record.seconds):
        total = sum(run.record.seconds.get(part, 0) for run in runs)
        rows.append((f"of it {part}", seconds(total)))
    columns = (words("what", lambda row: row[0]), words("value", lambda row: row[1]))
    return build("facts", columns, rows)


def commit(run: Run) -> str:
    """Name the commit in short, and say whether the tree had changes."""
    git = run.record.git
    return f"{(git.commit or 'none')[:10]}{' with changes' if git.dirty else ''}"


def losses(view: View) -> list[str]:
    """Give a line for what crashed, what diverged and what could not be read."""
    lost = [
        f"{entry.get('id', 'a run')} failed: {last_line(entry.get('error'))} "
        f"(`{entry.get('command', 'no command recorded')}`)"
        for entry in view.study.failed
    ]
    lost += [f"{run.id} diverged (`{run.command}`)" for run in view.study.runs if run.diverged]
    return [*lost, *view.study.skipped, *view.study.broken]


def last_line(error: object) -> str:
    """Return the last line of a traceback, which names the error."""
    lines = [line for line in str(error or "no error recorded").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no error recorded"
