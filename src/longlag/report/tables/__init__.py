"""Tables: each is a function from a `View` to a `Table`, found by its key in a template."""

from collections.abc import Callable

from longlag.report.document import Table
from longlag.report.tables import gradients, scores, sources
from longlag.report.view import View

TABLES: dict[str, Callable[[View], Table]] = {
    "scores": scores.scores,
    "scores-full": scores.scores_full,
    "floors": scores.floors,
    "criteria": scores.criteria,
    "horizons": scores.horizon,
    "overall": scores.overall,
    "improvement": scores.improvement,
    "rates": gradients.rates,
    "links": gradients.links,
    "inside": gradients.inside,
    "facts": sources.facts,
}
