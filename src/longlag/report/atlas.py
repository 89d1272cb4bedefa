"""An atlas as files: the table of its rows, its findings in words, and a page to look around in."""

from pathlib import Path

from longlag.records.atlas import Atlas, as_csv, read_atlas
from longlag.records.atomic import write_text
from longlag.records.reader import Study, holds_records
from longlag.records.untrained import Untrained
from longlag.report.atlas_answers import answers
from longlag.report.atlas_page import to_page
from longlag.report.format import sig
from longlag.report.words import environment, read, say


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
