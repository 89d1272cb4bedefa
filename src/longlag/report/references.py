"""The sources that a report cites: as lines of its list, and as BibTeX."""

from collections.abc import Iterable
from typing import Any

from longlag.report.words import read_toml

FILE = "references.toml"


def line(key: str) -> str:
    """Write an entry of the list of references."""
    source = read_toml(FILE)[key]
    place = source.get("booktitle") or f"{source['journal']} {source['volume']}"
    return f"{source['author']}. {source['title']}. {place}, {source['year']}."


def bibliography(keys: Iterable[str]) -> str:
    """Write the BibTeX of some sources, by key."""
    return "\n".join(bibtex(key, read_toml(FILE)[key]) for key in sorted(keys))


def bibtex(key: str, source: dict[str, Any]) -> str:
    """Write one entry."""
    authors = source["author"].replace(" et al", ", others").replace(", ", " and ")
    fields = {**source, "author": authors}
    kind = "article" if "journal" in source else "inproceedings"
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])
