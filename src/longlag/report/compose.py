"""The document of a study: the templates, filled with its numbers, figures and tables."""

from dataclasses import replace
from typing import Any

from longlag.records.reader import Study
from longlag.records.seed_groups import task_label
from longlag.report import answers, inside_answers
from longlag.report.document import Document, Picture, Section, Table
from longlag.report.figures import FIGURES
from longlag.report.figures.style import style, svg
from longlag.report.format import seconds
from longlag.report.panel import panel
from longlag.report.references import bibliography
from longlag.report.references import line as line_of
from longlag.report.tables import TABLES
from longlag.report.tables.sources import commands, commit, losses
from longlag.report.view import View
from longlag.report.words import Parts, cite, cited, say, sections

QUESTION = "How long can a recurrent network remember, and do its gradients say why?"


def compose(study: Study) -> Document:
    """Build the document of a study, before it is a page."""
    view = View(study)
    known = facts(view)
    parts = Parts(
        figure=lambda key: picture(view, key),
        table=lambda key: TABLES[key](view),
        panel=lambda _: panel(view),
        commands=lambda _: commands(view),
    )
    numbers: dict[str, int] = {}
    findings = tuple(cite(sentence, numbers) for sentence in abstract(known))
    paper, supplement = (
        numbered(sections(name, known, parts), numbers) for name in ("paper.md", "supplement.md")
    )
    return Document(
        title=study.plan.get("title") or f"Recurrent memory: the study {study.name}",
        question=study.plan.get("question") or QUESTION,
        facts=line(view, known),
        findings=findings,
        paper=paper,
        supplement=supplement,
        references=tuple(map(line_of, numbers)),
        bibtex=bibliography(numbers),
    )


def abstract(known: dict[str, Any]) -> list[str]:
    """Say who remembers how long, whether the gradient explains it, then every other task."""
    said = [
        *(say("answer", ladder) for ladder in known["ladders"]),
        say("explained", known["link"]),
        say("within", known["link"]),
        *(say("achieved", task) for task in known["others"]),
        say("concluded", known["flow"]),
    ]
    return [sentence for sentence in said if sentence]


def picture(view: View, key: str) -> Picture:
    """Draw a figure."""
    with style():
        plot = FIGURES[key](view)
        return Picture(key, tuple(map(svg, plot.figures)), plot.columns, plot.wide)


def numbered(found: tuple[Section, ...], numbers: dict[str, int]) -> tuple[Section, ...]:
    """Give numbers to citations and tables, in the order in which they are read."""
    shown = [b.key for section in found for b in section.blocks if isinstance(b, Table)]
    tables = {key: number for number, key in enumerate(shown, 1)}
    return tuple(
        replace(section, blocks=tuple(cited(block, numbers, tables) for block in section.blocks))
        for section in found
    )


def facts(view: View) -> dict[str, Any]:
    """Return what the templates know, by name."""
    study = view.study
    lost = losses(view)
    dates = sorted(f"{run.record.date:%Y-%m-%d}" for run in study.runs if run.record.date)
    return {
        "study": study.name,
        "cells": view.cells,
        "tasks": [task_label(task) for task in dict.fromkeys(g.task for g in view.groups)],
        "runs": len(study.final),
        "seeds": sorted({run.seed for run in study.final}),
        "main": view.main,
        "deep": view.deep,
        "probed": len(view.probed),
        "outcomes": len(view.outcomes) if len(view.outcomes) > 2 else 0,
        "ladders": [answers.ladder(view, task) for task in view.ladders],
        "climbed": bool(view.study.ladders),
        "others": [
            answers.achieved(setting, groups)
            for setting, groups in view.rows.items()
            if groups[0].task not in view.ladders
        ],
        "flow": answers.flow(view),
        "link": answers.explanation(view.outcomes),
        "exceptions": answers.exceptions(view.outcomes),
        "tuning": answers.tuning(view),
        "protocol": answers.protocol(view),
        "mismatches": answers.mismatches(view),
        "criteria": answers.criteria(view),
        "overall": answers.overall(view),
        "limits": answers.limits(view),
        "examined": inside_answers.examined(view),
        "mechanism": inside_answers.mechanism(view),
        "beyond": inside_answers.beyond(view),
        "speed": inside_answers.speed(view.costs),
        "losses": {"lines": lost},
        "dates": {"first": dates[0], "last": dates[-1]} if dates else {"first": "", "last": ""},
        "versions": answers.counted(str(run.record.versions.get("longlag")) for run in study.runs),
        "commits": answers.counted(commit(run) for run in study.runs),
    }


def line(view: View, known: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """List the facts under the title."""
    study = view.study
    tuning = f" ({len(study.runs)} with tuning)" if len(study.runs) > len(study.final) else ""
    found = [
        ("runs", f"{len(study.final)}{tuning}"),
        ("computed in", seconds(sum(run.seconds for run in study.runs))),
        ("longlag", known["versions"]),
        ("commit", known["commits"]),
    ]
    return (*found, *([("date", known["dates"]["last"])] if known["dates"]["last"] else []))
