"""The report as Markdown: every word and table; figures stay in the HTML and the PDF."""

from longlag.report import document as doc


def to_markdown(document: doc.Document) -> str:
    """The whole text."""
    lines = [
        f"# {document.title}",
        "",
        f"*{document.question}*",
        "",
        " · ".join(f"{key} {value}" for key, value in document.facts),
        "",
        "With figures: [report.html](report.html), [report.pdf](report.pdf).",
        "",
        "## Findings",
        "",
        *(f"- {sentence}" for sentence in document.findings),
        "",
    ]
    for section in document.sections:
        lines += whole(section)
    lines += ["## References", ""]
    lines += [f"{n}. {text}" for n, text in enumerate(document.references, 1)]
    return "\n".join(lines) + "\n"


def whole(section: doc.Section) -> list[str]:
    """A section's lines."""
    lines = [f"## {section.title}", ""]
    for block in section.blocks:
        found = one(block)
        lines += [*found, ""] if found else []
    return lines


def one(block: doc.Block) -> list[str]:
    """A block's lines."""
    match block:
        case doc.Text():
            return [block.text]
        case doc.Points():
            return [f"- {item}" for item in block.items]
        case doc.Equation():
            return [f"> {block.plain}"]
        case doc.Code():
            return ["```sh", *(f"{command}  # {label}" for label, command in block.lines), "```"]
        case doc.Table():
            return table(block)
        case doc.Picture():
            return [f"*Figure ({block.key}).* {block.caption}"]
        case doc.Panel():
            return []


def table(block: doc.Table) -> list[str]:
    """A table with its caption above it; a heading row stands bold in the first column."""
    bars = ["---:" if letter == "r" else ":---" for letter in block.alignment]
    lines = [f"**{block.caption}**", "", joined(block.header), joined(bars)]
    for row in block.rows:
        cells = [cell or "" for cell in row]
        if row[0] is None:
            cells = [f"**{row[1]}**"] + [""] * (len(block.header) - 1)
        lines.append(joined(cells))
    return lines + (["", block.note] if block.note else [])


def joined(cells) -> str:
    """A row."""
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
