"""Where every number comes from: commands, failures, versions, machine and time."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from longlag.records.reader import Run, Study
from longlag.records.record import known
from longlag.records.seed_groups import Group
from longlag.report.document import Block, Code, Points, Section, Table, Text
from longlag.report.format import seconds


def provenance(study: Study, settings: dict[str, list[Group]]) -> tuple[Section, ...]:
    """The commands, and the rest."""
    groups = [g for found in settings.values() for g in found]
    lines = tuple((f"{g.setting}: {g.label}", g.runs[0].command) for g in groups)
    others = sorted({run.seed for g in groups for run in g.runs})
    listing = ", ".join(str(seed) for seed in others)
    commands: list[Block] = [
        Text(
            f"`longlag bench study={study.name}` runs the whole study and "
            f"`longlag report study={study.name}` writes this report. One run of each row of the "
            f"results, the first seed, is given by the command below"
            + (f"; put seed = {listing} for the others." if len(others) > 1 else ".")
        ),
        Code(lines),
    ]
    facts: list[Block] = [machine(study), *failures(study)]
    return (
        Section("reproduce", "Reproduction", tuple(commands), appendix=True),
        Section("provenance", "Provenance", tuple(facts), appendix=True),
    )


def machine(study: Study) -> Table:
    """Versions, commits, machines and seconds of all runs, tuning included."""
    runs = study.runs
    chose = len(runs) - len(study.final)
    rows: list[tuple[str | None, ...]] = [
        ("runs", f"{len(study.final)} that count" + (f" and {chose} that chose" if chose else "")),
        ("status", counted(run.status for run in runs)),
        ("commit", counted(commit(run) for run in runs)),
    ]
    for facts in ([run.record.versions for run in runs], [known(r.record.machine) for r in runs]):
        for key in dict.fromkeys(k for found in facts for k in found):
            rows.append((key, counted(str(found.get(key)) for found in facts)))
    rows.append(("wall time", f"{seconds(sum(run.seconds for run in runs))}, all runs added up"))
    parts = list(dict.fromkeys(k for run in runs for k in run.record.seconds))
    for part in parts:
        total = sum(run.record.seconds.get(part, 0) for run in runs)
        rows.append((f"of it {part}", seconds(total)))
    return Table("facts", "Versions, machine and time.", ("what", "value"), tuple(rows), "ll")


def commit(run: Run) -> str:
    """Short, and whether the tree had changes."""
    return commit_of(asdict(run.record.git))


def commit_of(git: dict[str, Any]) -> str:
    """The same of what a record says of the tree."""
    return f"{str(git.get('commit') or 'none')[:10]}{' with changes' if git.get('dirty') else ''}"


def counted(values) -> str:
    """One value, or each with how often it came."""
    found = Counter(values)
    if len(found) == 1:
        return str(next(iter(found)))
    return ", ".join(f"{value} ({n})" for value, n in found.most_common())


def failures(study: Study) -> list[Block]:
    """What crashed, what diverged and what could not be read."""
    lost = [
        f"{entry.get('id', 'a run')} failed: {first_line(entry.get('error'))} "
        f"(`{entry.get('command', 'no command recorded')}`)"
        for entry in study.failed
    ]
    lost += [f"{run.id} diverged (`{run.command}`)" for run in study.runs if run.diverged]
    lost += [*study.skipped, *study.broken]
    if not lost:
        return [Text("No run failed, none diverged and every record could be read.")]
    return [Text("Not in the tables, or in them without a score:"), Points(tuple(lost))]


def first_line(error: object) -> str:
    """The last line of a traceback, which names the error."""
    lines = [line for line in str(error or "no error recorded").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no error recorded"
