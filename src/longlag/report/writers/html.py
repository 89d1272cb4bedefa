"""The report as one HTML file: figures, styles and scripts inside, no network."""

import json
from html import escape

import jinja2
from markupsafe import Markup

from longlag.report import document as doc
from longlag.report.figures.style import inline
from longlag.report.words import read
from longlag.report.writers.inline import Look, marked

LOOK = Look(
    plain=lambda text: escape(text, quote=False),
    code=lambda text: f"<code>{escape(text)}</code>",
    stress=lambda text: f"<em>{escape(text)}</em>",
    reference=lambda number: f'<a href="#reference-{number}">[{number}]</a>',
)


def to_html(document: doc.Document) -> str:
    """The page."""
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "marked": lambda text: Markup(marked(text, LOOK)),
        "kind": lambda block: type(block).__name__,
        "json": as_json,
        "drawing": lambda text, key: Markup(inline(text, key)),
    }
    numbers = {"Figure": 0, "Table": 0}

    def number(kind: str) -> int:
        numbers[kind] += 1
        return numbers[kind]

    return made.from_string(read("page.html")).render(
        document=document,
        number=number,
        style=Markup(read("page.css")),
        scripts=Markup(read("panel.js") + read("page.js")),
    )


def as_json(data: object) -> Markup:
    """Data for a script inside the page."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("</", "<\\/"))
