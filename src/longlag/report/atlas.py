"""An atlas as files: the table of its rows, its findings in words, and a page to look around in."""

import re
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from longlag.records.atlas import Atlas, AtlasRow, as_csv, read_atlas
from longlag.records.atomic import write_text
from longlag.records.headers import header_of
from longlag.records.reader import Study, holds_records
from longlag.records.seed_groups import task_label
from longlag.records.untrained import Untrained
from longlag.report.atlas_answers import answers, ranked
from longlag.report.figures.ranks import ranks
from longlag.report.figures.style import inline
from longlag.report.format import named, sig
from longlag.report.words import environment, read, say
from longlag.report.writers.html import as_json


def write_atlas(study: Path, config_dir: Path | None = None) -> list[Path]:
    """Write atlas.csv, atlas.md and index.html of a study, however much of it is computed.

    Args:
        study: its folder.
        config_dir: the user's own folder of groups.

    Returns:
        The files.

    Raises:
        LonglagError: no record there.
    """
    atlas = read_atlas(study, config_dir)
    files = {
        "atlas.csv": as_csv(atlas.rows),
        "atlas.md": to_text(atlas, "atlas.md"),
        "index.html": to_page(atlas),
    }
    for name, text in files.items():
        write_text(study / name, text)
    return [study / name for name in files]


def to_choice(study: Path) -> str:
    """Write the page on how to choose a cell, from a study's folder or from no records at all."""
    known = read_atlas(study) if holds_records(study) else Atlas(Study(study, ()), Untrained())
    return to_text(known, "choose.md")


def to_text(atlas: Atlas, template: str) -> str:
    """Fill a template of Markdown with what an atlas finds."""
    made = environment()
    made.finalize = None
    made.trim_blocks = made.lstrip_blocks = made.keep_trailing_newline = True
    made.globals |= {
        "say": lambda name, facts: say(name, facts, "atlas.toml"),
        "nothing": lambda value: "" if value is None else sig(value),
    }
    return made.from_string(read(template)).render(**answers(atlas))


SCRIPTS = ("tabulator.min.js", "uPlot.iife.min.js")
STYLES = ("tabulator_simple.min.css", "uPlot.min.css")
LICENSES = ("tabulator.LICENSE", "uPlot.LICENSE")
MAP = re.compile(r"^(?://|/\*)# sourceMappingURL=.*$", re.MULTILINE)  # a browser would look for it


def to_page(atlas: Atlas, own: str = "") -> str:
    """Fill the template of the page; a cell `own` is marked in it, and compared with others."""
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["json"] = as_json
    known = answers(atlas)
    return made.from_string(read("atlas.html")).render(
        title=known["title"],
        question=atlas.study.plan.get("question", ""),
        facts=facts(atlas),
        findings=findings(known),
        ranking=diagram(atlas, known["names"]),
        first=known["tasks"][0]["task"],
        data={
            "tasks": tasks(atlas),
            "cells": [cell(atlas, name) for name in atlas.cells],
            "own": own,
        },
        style=vendored(*STYLES) + Markup(read("atlas.css")),
        libraries=vendored(*SCRIPTS),
        script=Markup(read("atlas.js")),
        licenses=vendored(*LICENSES),
    )


def diagram(atlas: Atlas, names: dict[str, str]) -> Markup:
    """Draw the mean ranks over all tasks; nothing of too few cells or tasks."""
    whole, ranking = ranked(atlas)
    if np.isnan(ranking.distance):
        return Markup("")
    return Markup(inline(ranks([names[cell] for cell in whole], ranking), "ranking"))


def vendored(*names: str) -> Markup:
    """Join files of templates/vendor."""
    return Markup("\n".join(MAP.sub("", read(f"vendor/{name}")) for name in names) + "\n")


def facts(atlas: Atlas) -> list[str]:
    """Return the line under the title."""
    decided = sum(row.decided for row in atlas.rows)
    dates = sorted(f"{run.record.date:%Y-%m-%d}" for run in atlas.study.runs if run.record.date)
    found = [f"{len(atlas.cells)} cells", f"{len(atlas.tasks)} tasks"]
    found += [f"{len(atlas.study.runs):,} runs"]
    found += [f"{decided} of {len(atlas.rows)} places decided"] if decided < len(atlas.rows) else []
    return found + dates[-1:]


def findings(known: dict[str, Any]) -> list[str]:
    """Return the sentences over the table."""

    def one(name: str, numbers: Any) -> str:
        return say(name, numbers, "atlas.toml")

    begun = [task for task in known["tasks"] if task["known"]]
    waiting = [task["task"] for task in known["tasks"] if not task["known"]]
    said = [f"{one('best', task)} {one('undecided', task)}".strip() for task in begun]
    said += [one("waiting", {"tasks": waiting}), one("overall", known["overall"])]
    said.append(one("ranks", known["overall"]))
    said += [one("foretold", found) for found in known["foretold"]]
    said += [
        one("alike", known["alike"]),
        one("outliers", known["outliers"]),
        one("blocks", {"blocks": known["blocks"]}),
    ]
    return [sentence for sentence in said if sentence]


def tasks(atlas: Atlas) -> list[dict[str, Any]]:
    """Return what the page must know of each task; the rungs of a ladder in their order."""
    rungs = {task: ladder["lengths"] for (_, task), ladder in atlas.study.ladders.items()}
    return [
        {
            "key": task,
            "label": task_label(task),
            "kind": rows[0].kind,
            "metric": named(next((row.metric for row in rows if row.metric), "")),
            "rises": next((row.rises for row in rows if row.metric), True),
            "rungs": rungs.get(task, []),
        }
        for task, rows in atlas.tasks.items()
    ]


def cell(atlas: Atlas, name: str) -> dict[str, Any]:
    """Collect what the page shows of one cell; by task where tasks differ."""
    rows = [row for row in atlas.rows if row.cell == name]
    header, first = header_of("cell", name, atlas.config_dir), rows[0]
    return {
        "cell": name,
        "name": first.name,
        "year": first.year,
        "family": first.family,
        "gloss": header.gloss,
        "equation": header.equation,
        "source": header.source,
        "model": header.model,
        "parameters": first.parameters,
        "state": first.state,
        "decay": rounded(first.decay_at_init),
        "step_us": rounded(first.step_us),
        "tasks": {row.task: place(atlas, row) for row in rows},
    }


def place(atlas: Atlas, row: AtlasRow) -> dict[str, Any]:
    """Collect what the page shows of one cell on one task."""
    start = atlas.untrained.of(row.cell, row.task)
    solved = atlas.solved((row.cell, row.task)) if row.kind == "horizon" else {}
    return {
        "shown": row.shown,
        "value": rounded(row.value),
        "low": rounded(row.low),
        "high": rounded(row.high),
        "decided": row.decided,
        "parameters": row.parameters,
        "state": row.state,
        "decay": rounded(row.decay_at_init),
        "solved": [[T, int(seeds.sum()), len(seeds)] for T, seeds in solved.items()],
        "profile": start.profile if start else [],
    }


def rounded(value: float | None) -> float | None:
    """Round to four significant digits: as many as the page shows, and more."""
    return None if value is None else float(f"{value:.4g}")
