"""What `longlag extrapolate` kept of a run, as the report's figure and text read it."""

from typing import Any, NamedTuple

from longlag.records.seed_groups import Group, cell_label

FILE = "extrapolation.json"  # in the folder of a run


class Beyond(NamedTuple):
    """The scores of one run at several lengths."""

    label: str  # of the cell: what tells it from the others of the setting
    cell: str
    setting: str  # adding, T = 100: how it was trained
    found: dict[str, Any]  # the file

    @property
    def reach(self) -> int | None:
        """The greatest length up to which the criterion is met, from that of training on."""
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


def alone(found: dict[str, Any]) -> Beyond:
    """Of one run, beside no other."""
    cell, task = found["names"]["cell"], found["names"]["task"]
    return Beyond(cell_label(cell), cell, f"{task}, T = {found['length']}", found)


def read(group: Group) -> Beyond | None:
    """Of a group's typical run; None: nothing was kept, or nothing that can be read."""
    found = group.typical.extrapolation
    known = {"length", "score", "solved", "directions"} <= set(found)
    return Beyond(group.label, group.cell, group.setting, found) if known else None
