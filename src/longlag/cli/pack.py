"""`longlag pack STUDY`: publish a finished study as a few files; `undo=true` takes it back."""

import argparse
from pathlib import Path

from longlag.cli.find import find_study, take_options
from longlag.errors import LonglagError


def run(arguments: argparse.Namespace) -> int:
    """Pack or unpack a study and say what it takes now."""
    from longlag.records.packing import pack_study, unpack_study

    words, options = take_options(arguments.words, "results", "undo")
    undo = options.get("undo", "false")
    if len(words) != 1 or undo not in ("true", "false"):
        raise LonglagError(
            "give one study: longlag pack study=<study>, or results/<study>; undo=true gives every "
            "run a folder of its own again; results=FOLDER if it is not below results"
        )
    folder = find_study(words[0], Path(options.get("results", "results")))
    if folder is None:
        raise LonglagError(f"{words[0]} is no study: give study=<study> or results/<study>")
    if undo == "true":
        print(f"{unpack_study(folder)} runs of {folder} have a folder again")
        return 0
    found = pack_study(folder)
    for line in found.left:
        print(f"left as it is: {line}")
    for path in found.files:
        print(f"{path}  {path.stat().st_size / 1e6:.2f} MB")
    print(f"{found.runs} runs packed; every command reads them as before")
    return 0
