"""What the comments that open a file of conf/ say: gloss, name, family, source, equation, model.

This is the one home of a cell's and a task's display name, and of the model a cell was published
in; a class's docstring holds its equations.  The format, before the first setting:

    # LSTM whose gates see the cell state.         the gloss: the first line without a label
    # name: LSTM with peepholes
    # family: LSTM
    # source: Gers et al. 2002; Greff et al. 2015, section 2
    # equation: i, f = s(. + p C'), o = s(. + p C)
    # model: stack
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

FAMILIES = (  # of cells, as the atlas tells them apart
    "Elman",
    "orthogonal",
    "ODE",
    "LSTM",
    "LSTM ablation",
    "LSTM trained otherwise",
    "gated",
    "linear recurrence",
    "no recurrence",
)


class Header(NamedTuple):
    """The comments of a yaml, up to its first setting."""

    gloss: str = ""
    name: str = ""  # for people: "LSTM with peepholes"
    family: str = ""  # of a cell: one of FAMILIES
    equation: str = ""
    source: str = ""
    model: str = ""  # of conf/model, which the cell was made for
    layers: str = ""  # at least so many, where its paper has more than one

    @property
    def year(self) -> int | None:
        """Return the earliest year that the source names; None if it names none."""
        found = re.findall(r"\b(?:19|20)\d\d\b", self.source)
        return min(map(int, found), default=None)


def read_header(path: Path) -> Header:
    """Read the comments that open `path`; a label that is missing is empty."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if not line.startswith("# "):
            break
        label, colon, rest = line[2:].partition(": ")
        if colon and label in Header._fields:
            found[label] = rest
        else:
            found.setdefault("gloss", line[2:])
    return Header(**found)


@cache
def header_of(group: str, choice: str, config_dir: Path | None = None) -> Header:
    """Read the header of `choice` in `group`, the user's own folder first; empty if it is gone."""
    for place in folders(config_dir) if "/" not in choice else ():
        if (path := place / group / f"{choice}.yaml").is_file():
            return read_header(path)
    return Header()


def display_name(cell: str, config_dir: Path | None = None) -> str:
    """Return what people call a cell of conf/cell; its file's name where the header has none."""
    return header_of("cell", cell, config_dir).name or cell


def model_mismatch(
    cell: str, model: str, layers: int = 1, config_dir: Path | None = None
) -> str | None:
    """Say how a run differs from the model its cell was published in; None where it does not.

    Args:
        cell: of conf/cell.
        model: of conf/model, as the run has it.
        layers: of the run.
        config_dir: the user's own folder of groups.
    """
    header = header_of("cell", cell, config_dir)
    name, least = header.name or cell, int(header.layers or 1)
    if header.model and model != header.model:
        return f"{name} was made for model={header.model}, and ran in model={model}"
    if layers < least:
        return f"{name} was published with {least} layers or more, and ran with {layers}"
    return None


def folders(config_dir: Path | None = None) -> Iterable[Path]:
    """List where groups lie: the user's own folder, if there is one, before longlag's."""
    return ([] if config_dir is None else [config_dir]) + [folder()]


def folder() -> Path:
    """Find longlag's own config groups: in the repository, or inside the wheel."""
    here = Path(__file__).resolve().parents[1]
    inside, beside = here / "conf", here.parents[1] / "conf"
    return inside if inside.is_dir() else beside
