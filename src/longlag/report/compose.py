"""The document of a study: which sections there are, and in which order."""

from longlag.records.gradient_decay import outcomes
from longlag.records.reader import Study
from longlag.records.seed_groups import settings, study_groups
from longlag.records.tuning import read_trials
from longlag.report.document import Document, Section
from longlag.report.findings import findings
from longlag.report.format import seconds
from longlag.report.sections.extrapolation import extrapolation
from longlag.report.sections.gradients import gradients, more
from longlag.report.sections.inside import inside
from longlag.report.sections.learning import learning
from longlag.report.sections.method import REFERENCES, method
from longlag.report.sections.outcome import outcome
from longlag.report.sections.provenance import commit, counted, provenance
from longlag.report.sections.results import horizon, results
from longlag.report.sections.speed import speed

QUESTION = "How long can a recurrent network remember, and do its gradients say why?"


def compose(study: Study) -> Document:
    """Everything that is said, before it is a page."""
    rows = settings(study_groups(study))
    found = outcomes(g for groups in rows.values() for g in groups)
    trials = read_trials(study)
    parts: tuple[Section | None, ...] = (
        method(study, rows, trials),
        results(rows),
        horizon(rows),
        extrapolation(rows),
        gradients(rows),
        outcome(rows, found),
        *inside(rows, study.name),
        more(rows),
        learning(rows, trials),
        *speed(study),
        *provenance(study, rows),
    )
    return Document(
        title=study.plan.get("title") or f"Recurrent memory: the study {study.name}",
        subtitle=f"longlag study {study.name}",
        question=study.plan.get("question") or QUESTION,
        findings=findings(rows, found),
        sections=tuple(part for part in parts if part is not None),
        references=REFERENCES,
        facts=facts(study),
    )


def facts(study: Study) -> tuple[tuple[str, str], ...]:
    """The line under the title."""
    more = len(study.runs) > len(study.final)
    tuning = f" ({len(study.runs)} with tuning)" if more else ""
    return (
        ("runs", f"{len(study.final)}{tuning}"),
        ("computed in", seconds(sum(run.seconds for run in study.runs))),
        ("longlag", counted(str(r.record.versions.get("longlag")) for r in study.runs)),
        ("commit", counted(commit(run) for run in study.runs)),
    )
