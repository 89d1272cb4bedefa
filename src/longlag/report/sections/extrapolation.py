"""What median runs score on lengths beyond their training, where that was asked."""

import json
from typing import Any

from longlag.report.document import Picture, Points, Section, Text
from longlag.report.figures.extrapolation import picture
from longlag.report.figures.paint import style, svg
from longlag.report.groups import Group

FILE = "extrapolation.json"


def extrapolation(settings: dict[str, list[Group]]) -> Section | None:
    """The figure and a sentence for every run that met its task's criterion."""
    found = [one for groups in settings.values() for g in groups if (one := read(g))]
    if not found:
        return None
    with style():
        drawn = svg(picture(found))
    said = tuple(line for one in found if (line := sentence(one)))
    text = Text(
        "The median run of each cell, asked at other lengths than that of its training, by "
        f"`longlag extrapolate`; {found[0]['sequences']} test sequences of each length."
    )
    figure = Picture(
        "extrapolation",
        "Score against the length of the sequences; the vertical line is the length of training, "
        "the dotted one the floor at each length.",
        "One panel a task, one line a cell, over the length of the test sequences.",
        drawn,
        wide=len({(one["names"]["task"], one["length"]) for one in found}) > 1,
    )
    points = (Points(said),) if said else ()
    return Section("extrapolation", "Beyond the training length", (text, figure, *points))


def read(group: Group) -> dict[str, Any] | None:
    """What was kept of a group's typical run; None: nothing, or nothing that can be read."""
    try:
        found = json.loads((group.typical.folder / FILE).read_text())
        return found if found["points"] and found["names"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reach(one: dict[str, Any]) -> int | None:
    """The greatest length up to which the criterion is met from that of training on, if it is."""
    solved, far = one["solved"], None
    if solved is None:
        return None
    rises = one["directions"][solved["metric"]] == "max"
    for point in one["points"]:
        value, bound = point["metrics"][solved["metric"]], solved["threshold"]
        if point["length"] < one["length"]:
            continue
        if not (value >= bound if rises else value <= bound):
            break
        far = point["length"]
    return far


def sentence(one: dict[str, Any]) -> str | None:
    """Of a run that met the criterion at the first length from that of training on."""
    far = reach(one)
    if far is None:
        return None
    names, end, trained = one["names"], one["points"][-1]["length"], one["length"]
    what = f"{names['cell']} on {names['task']}, trained at {trained},"
    if far == end:
        return f"{what} meets the criterion at every length asked, up to {end}."
    return f"{what} meets the criterion up to {far} ({far / trained:.3g} times its length)."
