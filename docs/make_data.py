"""docs/data.md, written from the tasks themselves: `python docs/make_data.py`."""

from pathlib import Path
from typing import Any, NamedTuple

from longlag.tasks.base import SPLITS, Floor, Spec
from longlag.tasks.data.archive import UCR, JapaneseVowels
from longlag.tasks.data.base import DatasetTask
from longlag.tasks.data.chorales import Chorales
from longlag.tasks.data.images import Digits, Mnist5k
from longlag.tasks.data.openml import FashionMnist, Mnist
from longlag.tasks.data.series import ElNino, Laser, Series, Sunspots
from longlag.tasks.data.text import Characters, TextFile, Tunes

EXTRAS = {"scikit-learn": "data", "aeon": "data"}  # all others: more-data


class Entry(NamedTuple):
    """A row of the page."""

    setting: str  # on the command line
    task: Any
    split: str


OURS = "ours, fixed, by class"
ARCHIVE = "the archive's; a fifth of its training data is validation"
TIME = "60 / 20 / 20 % in the order of time"
OFFLINE = (
    Entry("digits, digits_permuted", Digits(), OURS),
    Entry("mnist5k", Mnist5k(), OURS),
    Entry("mnist5k_rows", Mnist5k(rows_at_once=True), OURS),
    Entry("japanese_vowels", JapaneseVowels(), ARCHIVE),
    Entry("ucr", UCR(), ARCHIVE),
    Entry("acsf1", UCR(dataset="ACSF1"), ARCHIVE),
    Entry("pickup_gesture", UCR(dataset="PickupGestureWiimoteZ"), ARCHIVE),
    *(
        Entry(f"ucr task.dataset={name}", UCR(dataset=name), ARCHIVE)
        for name in ("ArrowHead", "BasicMotions", "GunPoint", "ItalyPowerDemand")
    ),
    Entry("chorales", Chorales(), "ours, fixed, by tune"),
    Entry("chorales task.frame=sixteenth", Chorales(frame="sixteenth"), "ours, fixed, by tune"),
    Entry("tunes", Tunes(), "ours, fixed, by number"),
    Entry("laser", Laser(), TIME),
    Entry("sunspots", Sunspots(), TIME),
    Entry("el_nino", ElNino(), TIME),
)
ELSEWHERE = (
    Entry("mnist, mnist_permuted", Mnist(), "the authors'; a fifth of their training data"),
    Entry("fashion, fashion_permuted", FashionMnist(), "as MNIST"),
    Entry("text, ptb", TextFile(), "90 / 5 / 5 % by position, or three files"),
)
TOP = """\
# The data

Written by `python docs/make_data.py` from the tasks themselves; a test holds it against
them. longlag ships no data: all are read from packages that you install, or fetched once by a
maintained loader, and kept in `$LONGLAG_DATA` (else `~/.cache/longlag`) with a checksum.
`longlag show task=chorales` draws an example. Synthetic tasks need no data and are not listed.

No choice is made on the test split and no split moves with a seed. The last two columns are answers
without a recurrence, fitted to the training data and measured on the test split. A score that is no
better than both is no proof of memory.

## Without a network

| task= | train / validation / test | T | I -> D | score | floor | beside it |
|---|---|---|---|---|---|---|
"""
BETWEEN = """
Lengths that differ are padded, and neither cut nor stretched; no result depends on the padding.
Chorales and text are scored in nats, per frame and per character (times 1.4427: bits).

What not to compare: mnist5k with MNIST; our chorales with what is known as JSB Chorales, another
split of other frames; a text read in windows with one read as a stream. GunPoint and
ItalyPowerDemand are nearly solved by the nearest neighbour, and in Japanese Vowels the order of the
frames matters little: statistics over time suffice. Published accuracies on the archive's own
splits: OSULeaf 0.591 by 1-NN with dynamic time warping (Dau et al. 2019) and 0.941 by ROCKET
(Dempster et al. 2020); ACSF1 0.640 and 0.886.

## With a network, or with a file of yours

| task= | data | split |
|---|---|---|
"""
NETWORK = """
Any other set of the UCR and UEA archives: `task=ucr task.dataset=NAME`. Without a network each of
them says in one line what is missing and what to do; `LONGLAG_OFFLINE=1` keeps longlag from asking.

## Sources and licences

| task= | source | read from | licence |
|---|---|---|---|
"""


def text() -> str:
    """Write the whole page.

    Raises:
        LonglagError: a package of the data without a network is not installed.
    """
    known = "".join(f"| {' | '.join(described(entry))} |\n" for entry in OFFLINE)
    others = "".join(f"| `{e.setting}` | {e.task.source} | {e.split} |\n" for e in ELSEWHERE)
    unique: dict[str, tuple[str, Any]] = {}
    for entry in (*OFFLINE, *ELSEWHERE):
        unique.setdefault(entry.task.name, (first(entry), entry.task))
    sources = "".join(
        f"| `{setting}` | {task.source} | {package(task)} | {task.licence} |\n"
        for setting, task in unique.values()
    )
    return TOP + known + answers() + splits() + BETWEEN + others + NETWORK + sources


def described(entry: Entry) -> list[str]:
    """Write the words of a row of the first table."""
    task, spec = entry.task, entry.task.spec
    floors = [f"{one.value:.3f}" for one in beside(spec)]
    size = f"{spec.input_size} -> {spec.output_size}"
    return [f"`{entry.setting}`", sizes(task), length(task), size, spec.metrics[0], *floors]


def beside(spec: Spec) -> tuple[Floor, ...]:
    """Write the floor, and the answer beside it."""
    return (*spec.floors, *spec.baselines)[:2]


def first(entry: Entry) -> str:
    """Return the task's name in conf."""
    return entry.setting.split()[0].rstrip(",")


def answers() -> str:
    """Say what each floor is, and of which tasks."""
    whose: dict[str, list[str]] = {}
    for place, of in enumerate(("floor", "beside it")):
        for entry in OFFLINE:
            names = whose.setdefault(f"{of}: {beside(entry.task.spec)[place].why}", [])
            if first(entry) not in names:
                names.append(first(entry))
    return listed("What the answers without a recurrence are:", whose)


def splits() -> str:
    """Write a line for each way of splitting."""
    ways: dict[str, list[str]] = {}
    for entry in OFFLINE:
        if first(entry) not in ways.setdefault(entry.split, []):
            ways[entry.split].append(first(entry))
    return listed("How the data are split:", ways)


def listed(title: str, lines: dict[str, list[str]]) -> str:
    """Write a list: what, and of which tasks."""
    return f"\n{title}\n\n" + "".join(f"- {k} ({', '.join(v)})\n" for k, v in lines.items())


def sizes(task: Any) -> str:
    """How much each split holds."""
    held, unit = getattr(task, "parts", None), "sequences"
    if isinstance(task, Series):
        held, unit = task.pieces, "values"
    if isinstance(task, Characters):
        held, unit = task.codes, "characters"
    assert held is not None
    return " / ".join(str(len(held[split])) for split in SPLITS) + f" {unit}"


def length(task: Any) -> str:
    """T: one length, or the least and the greatest."""
    if not isinstance(task, DatasetTask | Chorales):
        return f"{task.length} (a window)"
    less = 1 if isinstance(task, Chorales) else 0  # the last frame is only asked for
    low, high = task.arrays["lengths"].min() - less, task.arrays["lengths"].max() - less
    return f"{low}" if low == high else f"{low} to {high}"


def package(task: Any) -> str:
    """Say what to install."""
    name = task.package.split(",")[0]
    extra = EXTRAS.get(name, "more-data")
    return task.package if name == "none" else f"{task.package} (`longlag[{extra}]`)"


if __name__ == "__main__":
    Path(__file__).with_name("data.md").write_text(text())
