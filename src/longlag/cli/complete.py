"""What can be set: the groups, their choices and every key, for --help and for the shell."""

from pathlib import Path

from longlag.records.headers import folders
from longlag.runs.config import INCIDENTAL, first_part, keys, resolve

WIDTH = 96
PLACE = ("cell", "tasks", "budget_minutes")  # what `longlag place` takes beside INCIDENTAL


def groups(config_dir: Path | None = None) -> dict[str, list[str]]:
    """List the choices of each group of conf/."""
    found: dict[str, list[str]] = {}
    paths = (path for place in folders(config_dir) for path in place.glob("*/*.yaml"))
    for group, name in sorted({(path.parent.name, path.stem) for path in paths}):
        found.setdefault(group, []).append(name)
    return found


def completions(prefix: str, config_dir: Path | None = None, command: str = "") -> list[str]:
    """List what a prefix can become: keys before the equals sign, choices after it.

    Args:
        prefix: what is typed.
        config_dir: the user's own groups.
        command: that takes it; `place` refuses the settings of its protocol.
    """
    group, equals, _ = prefix.partition("=")
    if equals:
        choices = groups(config_dir).get("task" if group == "tasks" else group, ())
        return [f"{group}={choice}" for choice in choices]
    names = dict.fromkeys([*groups(), *settable()])
    if command == "place":
        names = dict.fromkeys([*PLACE, *(n for n in names if first_part(n) in INCIDENTAL)])
    return [f"{name}=" for name in names]


def settable() -> list[str]:
    """List every key that holds a value, with the default cell and task."""
    known = [key for key in keys(resolve([]).values) if not key.split(".")[-1].startswith("_")]
    return [key for key in known if not any(k.startswith(f"{key}.") for k in known)]


def settings_help(command: str) -> str:
    """Write the end of a command's help."""
    found = groups()
    names = [key for key in settable() if key not in found and key != "executor"]
    example = {
        "longlag bench": "longlag bench study=smoke cell=gru,lstm trainer.max_steps=50",
        "longlag report": "longlag report study=bench",
        "longlag show": "longlag show task=temporal_order task.length=20",
    }.get(command, f"{command} cell=gru task=adding task.length=200 optim.lr=0.003 seed=3")
    return "\n".join(
        [
            "groups (`longlag list GROUP` tells of each choice):",
            *(wrapped(f"  {group}=", choices) for group, choices in found.items()),
            "keys (of the default cell and task; others have their own):",
            wrapped("  ", names),
            "example:",
            f"  {example}",
        ]
    )


def wrapped(head: str, words: list[str]) -> str:
    """Wrap words after a head, in lines."""
    lines, line = [], head
    for word in words:
        if len(line) + len(word) > WIDTH:
            lines.append(line.rstrip())
            line = " " * len(head)
        line += f"{word} "
    return "\n".join([*lines, line.rstrip()])
