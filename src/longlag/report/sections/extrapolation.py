"""What median runs score on lengths beyond their training, where that was asked."""

from longlag.records.extrapolation import Beyond, read
from longlag.records.seed_groups import Group
from longlag.report.document import Picture, Section, Text
from longlag.report.figures.extrapolation import picture
from longlag.report.figures.style import style, svg
from longlag.report.format import listed


def extrapolation(settings: dict[str, list[Group]]) -> Section | None:
    """The figure, and how far each run that met its task's criterion goes on meeting it."""
    runs = [one for groups in settings.values() for g in groups if (one := read(g))]
    if not runs:
        return None
    with style():
        drawn = svg(picture(runs))
    text = (
        "The run of each cell with the median score, asked at other lengths than that of its "
        f"training: `longlag extrapolate`, {runs[0].found['sequences']} test sequences of each "
        f"length. {reaches(runs)}"
    )
    figure = Picture(
        "extrapolation",
        "Score against the length of the test sequences. The vertical line is the length of "
        "training, the dotted one the floor at each length.",
        "One panel a task, one line a cell, over the length of the test sequences.",
        drawn,
        wide=len({one.setting for one in runs}) > 1,
    )
    return Section("extrapolation", "Beyond the training length", (Text(text), figure))


def reaches(runs: list[Beyond]) -> str:
    """A sentence on the runs that meet the criterion at the first length from training on."""
    parts: dict[str, list[str]] = {}
    for one in runs:
        if (far := one.reach) is not None:
            end = " (all that were asked)" if far == one.found["points"][-1]["length"] else ""
            parts.setdefault(one.setting, []).append(f"{one.label} up to {far}{end}")
    if not parts:
        return "None of them meets the criterion of its task."
    said = "; ".join(f"on {setting}, {listed(who)}" for setting, who in parts.items())
    return f"Those that meet the criterion of their task go on meeting it so far: {said}."
