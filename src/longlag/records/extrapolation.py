"""What `longlag extrapolate` kept of a run, as the report's figure and text read it."""

from typing import Any, NamedTuple

from longlag.records.headers import display_name
from longlag.records.seed_groups import Group, setting_label

FILE = "extrapolation.json"  # in the folder of a run


class Beyond(NamedTuple):
    """The scores of one run at several lengths."""

    label: str  # of the cell: what tells it from the others of the setting
    cell: str
    setting: str  # adding, T = 100: how it was trained
    found: dict[str, Any]  # the file

    @property
    def reach(self) -> int | None:
        """Find the greatest length up to which the criterion is met, from that of training on."""
        solved, far = self.found["solved"], None
        if solved is None:
            return None
        rises = self.found["directions"][solved["metric"]] == "max"
        for point in self.found["points"]:
            value, bound = point["metrics"][solved["metric"]], solved["threshold"]
            if point["length"] < self.found["length"]:
                continue
            if not (value >= bound if rises else value <= bound):
                break
            far = point["length"]
        return far

    @property
    def whole(self) -> bool:
        """Tell whether it reaches as far as was asked."""
        return self.reach == self.found["points"][-1]["length"]


def alone(found: dict[str, Any]) -> Beyond:
    """Build from a single run, without a group."""
    cell, task = found["names"]["cell"], found["names"]["task"]
    return Beyond(display_name(cell), cell, setting_label(task, found["length"]), found)


def read(group: Group) -> Beyond | None:
    """Read that of a group's typical run; None: nothing was kept, or nothing that can be read."""
    found = group.typical.extrapolation
    known = {"length", "score", "solved", "directions"} <= set(found)
    return Beyond(group.label, group.cell, group.setting, found) if known else None
