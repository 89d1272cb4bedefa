"""The report as one HTML file: figures, styles and scripts inside, no network."""

import json
from html import escape
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from longlag.report import document as doc
from longlag.report.document import Look, marked
from longlag.report.figures.style import inline
from longlag.report.words import read
from longlag.report.writers.tables import to_csv, to_tex

LOOK = Look(
    plain=lambda text: escape(text, quote=False),
    code=lambda text: f"<code>{escape(text)}</code>",
    stress=lambda text: f"<em>{escape(text)}</em>",
    reference=lambda number: f'<a href="#reference-{number}">[{number}]</a>',
)


def to_html(document: doc.Document) -> str:
    """Write the page."""
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "marked": lambda text: Markup(marked(text, LOOK)),
        "kind": lambda block: type(block).__name__,
        "json": as_json,
        "files": files,
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


def files(table: doc.Table) -> list[tuple[str, str]]:
    """Give a table's files by their endings, as links that hold what they lead to."""
    texts = {"csv": to_csv(table), "tex": to_tex(table)}
    return [(kind, f"data:text/plain;charset=utf-8,{quote(text)}") for kind, text in texts.items()]


def as_json(data: object) -> Markup:
    """Write data for a script inside the page."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # neither an end nor <!-- may stand in a script
