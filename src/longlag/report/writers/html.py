"""The report as one HTML file: figures, styles and scripts inside, no network."""

import json
from html import escape
from importlib import resources
from itertools import count

import jinja2
from markupsafe import Markup

from longlag.report import document as doc
from longlag.report.figures.style import inline
from longlag.report.writers.inline import Look, marked

LOOK = Look(
    plain=lambda text: escape(text, quote=False),
    code=lambda text: f"<code>{escape(text)}</code>",
    stress=lambda text: f"<em>{escape(text)}</em>",
    reference=lambda number: f'<a href="#reference-{number}">[{number}]</a>',
)


def to_html(document: doc.Document) -> str:
    """The page."""
    folder = resources.files("longlag.report") / "templates"
    read = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in ("page.html", "page.css", "panel.js")
    }
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["marked"] = lambda text: Markup(marked(text, LOOK))
    numbers = {"Figure": count(1), "Table": count(1)}
    sections = [
        (section, [Markup(one(block, numbers)) for block in section.blocks])
        for section in document.sections
    ]
    return environment.from_string(read["page.html"]).render(
        document=document,
        sections=sections,
        style=Markup(read["page.css"]),
        script=Markup(read["panel.js"]),
    )


def one(block: doc.Block, numbers: dict[str, count]) -> str:
    """A block's markup."""
    match block:
        case doc.Text():
            return f"<p>{marked(block.text, LOOK)}</p>"
        case doc.Points():
            items = "".join(f"<li>{marked(item, LOOK)}</li>" for item in block.items)
            return f"<ul>{items}</ul>"
        case doc.Equation():
            return f'<math display="block">{block.mathml}</math>'
        case doc.Code():
            lines = "".join(
                f"<dt>{escape(label)}</dt><dd><code>{escape(command)}</code></dd>"
                for label, command in block.lines
            )
            return f'<dl class="commands">{lines}</dl>'
        case doc.Picture():
            drawn = inline(block.svg, block.key).replace(
                "<svg ", f'<svg role="img" aria-label="{escape(block.alt)}" ', 1
            )
            box = "scroll" if block.wide else "scroll narrow"
            return figure(block, "Figure", f'<div class="{box}">{drawn}</div>', numbers)
        case doc.Table():
            return figure(block, "Table", table(block), numbers)
        case doc.Panel():
            return panel(block)


def panel(block: doc.Panel) -> str:
    """The data of an interactive figure; its script finds it there."""
    data = json.dumps(block.data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    return (
        f'<figure id="{block.key}" class="panel"><noscript>This figure needs JavaScript.</noscript>'
        f'<div class="view"></div><script type="application/json">{data}</script>'
        f'<figcaption><span class="number">Interactive</span> {marked(block.caption, LOOK)}'
        "</figcaption></figure>"
    )


def figure(block: doc.Picture | doc.Table, kind: str, inner: str, numbers: dict[str, count]) -> str:
    """A captioned block: a table's caption above it, a figure's below."""
    caption = (
        f'<figcaption><a class="number" href="#{block.key}">{kind} {next(numbers[kind])}</a> '
        f"{marked(block.caption, LOOK)}</figcaption>"
    )
    parts = [caption, inner] if kind == "Table" else [inner, caption]
    return f'<figure id="{block.key}" class="{kind.lower()}">{"".join(parts)}</figure>'


def table(block: doc.Table) -> str:
    """The table in a box that scrolls sideways on a small screen."""
    aligned = [f' class="{letter}"' for letter in block.alignment]
    head = "".join(
        f'<th scope="col"{a}>{escape(cell)}</th>'
        for a, cell in zip(aligned, block.header, strict=True)
    )
    body = []
    for row in block.rows:
        if row[0] is None:
            body.append(f'<tr><th colspan="{len(block.header)}">{escape(row[1] or "")}</th></tr>')
        else:
            cells = "".join(
                f"<td{a}>{escape(cell or '')}</td>" for a, cell in zip(aligned, row, strict=True)
            )
            body.append(f"<tr>{cells}</tr>")
    note = f'<p class="note">{marked(block.note, LOOK)}</p>' if block.note else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>{note}"
    )
