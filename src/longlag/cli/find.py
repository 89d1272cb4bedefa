"""The recorded run or study that a command line means."""

from collections.abc import Sequence
from pathlib import Path

from longlag.errors import LonglagError, did_you_mean
from longlag.records.pack import open_pack
from longlag.records.reader import holds_records


def take_options(words: Sequence[str], *allowed: str) -> tuple[list[str], dict[str, str]]:
    """Tell `name=value` words from the run or study that is asked for.

    Args:
        words: of the command line.
        allowed: the names that the command knows; `study` is left among the words.

    Raises:
        LonglagError: another name.
    """
    rest, options = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name == "study" or Path(word).exists():
            rest.append(word)
        elif name in allowed:
            options[name] = value
        else:
            raise LonglagError(
                f"unknown setting {name!r}{did_you_mean(name, allowed)}; allowed: "
                f"{', '.join(f'{known}=' for known in allowed)}; a recorded run keeps its settings"
            )
    return rest, options


def find_run(word: str, results: Path) -> Path:
    """Find the folder of a run, given as a path or as an id that one study holds.

    Raises:
        LonglagError: none, or several.
    """
    if is_run(Path(word)):
        return Path(word)
    places = [study / word for study in sorted(results.glob("*/")) if is_run(study / word)]
    if len(places) == 1:
        return places[0]
    if places:
        raise LonglagError(f"{word} is in several studies: {', '.join(map(str, places))}")
    raise LonglagError(
        f"no record in {word}, and none with that id below {results}; `longlag list runs` shows "
        "them; give a folder results/<study>/<run id>, an id, or study=<study>"
    )


def find_study(word: str, results: Path) -> Path | None:
    """Find the folder of a study, given as study=NAME or as a path; None: the word is no study.

    Raises:
        LonglagError: the study has no records.
    """
    if word.startswith("study="):
        folder = results / word.removeprefix("study=")
        if not holds_records(folder):
            raise LonglagError(
                f"there are no records in {folder}; run `longlag bench {word}` first, or give "
                "results=FOLDER"
            )
        return folder
    folder = Path(word)
    holds = folder.is_dir() and not (folder / "record.json").is_file()
    return folder if holds and holds_records(folder) else None


def is_run(folder: Path) -> bool:
    """Tell whether a folder, or the pack of its study, has a record of this name."""
    return (folder / "record.json").is_file() or folder.name in open_pack(folder.parent).records
