"""From templates to a document: all words stand in templates/, Python hands them numbers.

`paper.md` and `supplement.md` are Jinja templates whose text is read line by line:

    ## Title | key        a section
    - a sentence          a point of a list; an empty one is left out
    ::: figure KEY        a figure, table, interactive panel, equation or list of commands: below it
    caption               its caption, then, after a line ---, what a blind reader hears of the
    :::                   figure or the note under the table

Everything else are paragraphs.  `sentences.toml` holds rows of a condition and a sentence: of a
name's rows the first whose condition is true is said.  [@key] cites references.toml, [#key] gives
the number of a table of the paper.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import jinja2

from longlag.report import format
from longlag.report.document import Block, Equation, Points, Section, Text

FOLDER = resources.files("longlag.report") / "templates"
HEADING = re.compile(r"## (.+) \| ([\w-]+)$")
BREAK = re.compile(r"\s*[\r\n]\s*")
CITED = re.compile(r"\[@(\w+)\]")
TABLE = re.compile(r"\[#([\w-]+)\]")


class Missing(Exception):
    """A figure or a table that cannot be made; the reason is a row of sentences.toml."""


def read(name: str) -> str:
    """Read the text of a template."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Read the rows of a file of the folder."""
    return tomllib.loads(read(name))


def environment() -> jinja2.Environment:
    """Set up Jinja for text: an unknown name is an error, a value stays one line."""
    made = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: BREAK.sub(" ", str(value)),
        autoescape=False,
    )
    made.filters |= {name: value for name, value in vars(format).items() if callable(value)}
    made.globals["sep"] = sep
    return made


def sep(loop: Any) -> str:
    """Return what stands behind an item of a list: a comma, the last time an `and`."""
    return "" if loop.last else " and " if loop.revindex == 2 else ", "


def say(name: str, facts: Mapping[str, Any], file: str = "sentences.toml") -> str:
    """Say the first sentence of `name` whose condition holds for these numbers; none: nothing."""
    made = environment()
    for row in read_toml(file)[name]:
        holds = made.compile_expression(row.get("if", "true"))
        if holds(**facts):
            return " ".join(made.from_string(row["say"]).render(**facts).split())
    return ""


class Parts(NamedTuple):
    """What a template may show, each looked up by its key when it is shown."""

    figure: Callable[[str], Block]
    table: Callable[[str], Block]
    panel: Callable[[str], Block]
    commands: Callable[[str], Block]


def sections(template: str, facts: Mapping[str, Any], parts: Parts) -> tuple[Section, ...]:
    """Render a template and read what came out."""
    text = environment().from_string(read(template)).render(say=say, **facts)
    found: list[Section] = []
    for lines in chunks(text):
        heading = HEADING.fullmatch(lines[0])
        if heading:
            found.append(Section(heading[2], heading[1], ()))
        else:
            found[-1] = replace(found[-1], blocks=joined(found[-1].blocks, blocks(lines, parts)))
    return tuple(section for section in found if section.blocks)


def joined(before: tuple[Block, ...], more: tuple[Block, ...]) -> tuple[Block, ...]:
    """Put blocks one after another; points that follow points go on with their list."""
    if before and more and isinstance(before[-1], Points) and isinstance(more[0], Points):
        return (*before[:-1], Points((*before[-1].items, *more[0].items)), *more[1:])
    return (*before, *more)


def chunks(text: str) -> Iterator[list[str]]:
    """Collect lines that belong together: a heading, a fence with what it holds, or a paragraph."""
    held: list[str] = []
    for line in [*map(str.strip, text.splitlines()), ""]:
        fenced = bool(held) and held[0].startswith("::: ")
        if fenced and line != ":::":
            held.append(line)
        elif fenced or not line or HEADING.fullmatch(line):
            if held:
                yield held
            held = [line] if HEADING.fullmatch(line) else []
            if held:
                yield held
                held = []
        else:
            held.append(line)


def blocks(lines: list[str], parts: Parts) -> tuple[Block, ...]:
    """Tell what a chunk is."""
    if lines[0].startswith("::: "):
        _, kind, key = lines[0].split()
        caption, _, more = "\n".join(lines[1:]).partition("\n---")
        return (fenced(kind, key, " ".join(caption.split()), " ".join(more.split()), parts),)
    if lines[0].startswith("-"):
        items = points(lines)
        return (Points(items),) if items else ()
    return (Text(" ".join(lines)),)


def points(lines: list[str]) -> tuple[str, ...]:
    """List the items of a list, which may go on on the next line."""
    items: list[str] = []
    for line in lines:
        if line == "-" or line.startswith("- "):
            items.append(line[1:].strip())
        else:
            items[-1] = f"{items[-1]} {line}".strip()
    return tuple(item for item in items if item)


def fenced(kind: str, key: str, caption: str, more: str, parts: Parts) -> Block:
    """Make a figure, table, panel, equation or commands; or say why it is missing."""
    if kind == "equation":
        return Equation(**read_toml("equations.toml")[key])
    try:
        block: Any = getattr(parts, kind)(key)
    except Missing as reason:
        return Text(f"*No {kind} `{key}`:* {say('missing', {'reason': str(reason)})}")
    if kind == "figure":
        return replace(block, caption=caption, alt=more or caption)
    if kind == "table":
        return replace(block, caption=caption, note=more)
    return replace(block, caption=caption) if kind == "panel" else block


def cite(text: str, numbers: dict[str, int]) -> str:
    """Write [@key] as [n], numbered in the order in which they are first met."""
    return CITED.sub(lambda match: f"[{numbers.setdefault(match[1], len(numbers) + 1)}]", text)


def cited(block: Block, numbers: dict[str, int], tables: Mapping[str, int]) -> Block:
    """Give numbers to the citations of a block, and to the tables that it speaks of."""

    def number(text: str) -> str:
        text = TABLE.sub(lambda match: str(tables.get(match[1], f"*{match[1]}*")), text)
        return cite(text, numbers)

    match block:
        case Text():
            return Text(number(block.text))
        case Points():
            return Points(tuple(map(number, block.items)))
    changes = {
        name: number(getattr(block, name)) for name in ("caption", "note") if hasattr(block, name)
    }
    return replace(block, **changes)
