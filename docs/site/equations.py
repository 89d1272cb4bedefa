"""Typeset the equations of docstrings: from the plain text of a terminal to MathML.

The notation is the one that the cells are documented in, a line an equation and a gloss behind it:

    c_t = f_t * c_(t-1) + i_t * g_t                cell state

`*` is elementwise, `_` and `^` lower and raise what follows, a word of several letters is upright.
"""

import re
from html import escape
from typing import NamedTuple

LETTERS = dict(
    alpha="α",  # noqa: RUF001
    beta="β",
    gamma="γ",  # noqa: RUF001
    eps="ε",
    theta="θ",
    nu="ν",  # noqa: RUF001
    phi="φ",
    pi="π",
    dt="Δt",
    **{"lambda": "λ"},
)
SIGNS = {"*": "⊙", "-": "−", "<-": "←", "<=": "≤", "||": "‖", "~": "∼", ".": "·"}  # noqa: RUF001
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<word>[a-z]{3,}_[a-z]{3,}|[A-Za-z]+)(?P<tilde>~(?=_))?"
    r"|(?P<script>[_^])|(?P<sign>\|\||<-|<=|[-=+*/()\[\]|,?:<>~.]))"
)
EQUATION = re.compile(r"(?P<left>.+?)\s+(?P<relation>=|~|<-)\s+(?P<right>.+)")
GLOSS = re.compile(r"(?<=[^\s,])(?<!tanh)\s{2,}")  # "tanh   (" is one word, aligned


class NotAnEquationError(ValueError):
    """Text that is not in the notation."""


class Row(NamedTuple):
    """A line of a block: an equation, or a part of one, and what is said of it."""

    left: str
    relation: str
    right: str
    gloss: str


def rows(text: str) -> list[Row]:
    """Cut a block into its lines; one that starts where the glosses stand is a gloss."""
    out: list[Row] = []
    for line in text.splitlines():
        match = EQUATION.fullmatch(line.strip())
        if match is None:
            parts = GLOSS.split(line.strip(), maxsplit=1)
            deep = len(line) - len(line.lstrip()) > 40
            out.append(Row("", "", *(("", parts[0]) if deep else (parts[0], "".join(parts[1:])))))
        else:
            right, *gloss = GLOSS.split(match["right"], maxsplit=1)
            out.append(Row(match["left"], match["relation"], right, "".join(gloss)))
    return out


def tokens(text: str) -> list[tuple[str, str]]:
    """Cut an expression into (kind, text); the kind `tilde` is a letter with one above it."""
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise NotAnEquationError(f"no equation from here on: {text[at:]!r}")
        kind = "tilde" if match["tilde"] else str(match.lastgroup)
        out.append(
            (kind, match[match.lastgroup or 0].strip() if kind != "tilde" else match["word"])
        )
        at = match.end()
    return out


def atom(kind: str, text: str) -> str:
    """Return the MathML of one token; a name of several letters is set upright."""
    if kind == "number":
        return f"<mn>{text}</mn>"
    if kind == "sign":
        fixed = ' stretchy="false"' if text in "()[]|" else ""
        return f"<mo{fixed}>{escape(SIGNS.get(text, text))}</mo>"
    if text not in LETTERS and re.fullmatch(r"d[A-Za-z]", text):  # of a derivative, dL/ds_t
        return letter("d") + letter(text[1])
    name = letter(LETTERS[text]) if text in LETTERS else letter(text)
    return f'<mover accent="true">{name}<mo>~</mo></mover>' if kind == "tilde" else name


def letter(name: str) -> str:
    """Return a variable; site.css slants those of one letter, in the font of the others."""
    return f'<mi class="letter">{name}</mi>' if len(name.strip("Δ")) == 1 else f"<mi>{name}</mi>"


def closing(cut: list[tuple[str, str]], start: int) -> int:
    """Return where the parenthesis that opens at `start` closes."""
    depth = 0
    for i in range(start, len(cut)):
        depth += {"(": 1, ")": -1}.get(cut[i][1], 0)
        if depth == 0:
            return i
    raise NotAnEquationError("a parenthesis does not close")


def expression(cut: list[tuple[str, str]]) -> str:
    """Return the MathML of tokens, in their order; a product without a sign gets a thin space."""
    out: list[str] = []
    i = 0
    while i < len(cut):
        kind, text = cut[i]
        if kind != "script":
            sign = kind == "sign" and text not in "(["
            called = text in ("(", "[") and i > 0 and cut[i - 1][0] == "word"
            if out and not (sign or called or out[-1].endswith("</mo>")):
                out.append('<mspace width="0.22em"/>')
            out.append(atom(kind, text))
            i += 1
            continue
        if not out or i + 1 == len(cut):
            raise NotAnEquationError("a script stands alone")
        if cut[i + 1] == ("sign", "("):
            end = closing(cut, i + 1)
            script, i = expression(cut[i + 2 : end]), end + 1
        else:
            script, i = atom(*cut[i + 1]), i + 2
        tag = "msub" if text == "_" else "msup"
        out[-1] = f"<{tag}><mrow>{out[-1]}</mrow><mrow>{script}</mrow></{tag}>"
    return "".join(out)


def math(text: str) -> str:
    """Return an expression as a MathML element; text in other notation stays text."""
    try:
        inner = expression(tokens(text))
    except NotAnEquationError:
        inner = f"<mtext>{escape(text)}</mtext>"
    return f"<math>{inner}</math>" if inner else ""


def typeset(text: str) -> str:
    """Return a block of equations as HTML: left, right and gloss, line by line."""
    cells = []
    for row in rows(text):
        right = f"{row.relation} {row.right}" if row.relation else row.right
        cells += [f"<span>{math(row.left)}</span>", f"<span>{math(right)}</span>"]
        cells.append(f"<span>{escape(row.gloss)}</span>")
    return f'<div class="equations">{"".join(cells)}</div>'


def fence(
    source: str, language: str, css_class: str, options: dict, md: object, **_: object
) -> str:
    """Typeset a block fenced as `equations`, for pymdownx.superfences."""
    return typeset(source)
