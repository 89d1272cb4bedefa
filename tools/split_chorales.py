"""Which chorales set the same tune: the split of the chorales, made once and kept in chorales.txt.

`python tools/split_chorales.py` makes that file again.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from longlag.errors import need
from longlag.tasks.data.base import CUT_SEED
from longlag.tasks.data.chorales import LIST, corpus_folder
from longlag.tasks.data.musicxml import Note, parts

HEAD = """\
# The split of the Bach chorales, by tune: every line is a split and the chorales (BWV numbers, as
# music21 names its files) that set one tune.  Made once by tools/split_chorales.py: chorales of
# music21's list in four parts; of one tune if they have the same title, or share two fifths of the
# five-interval turns of the soprano at quarter notes; tunes drawn at random until validation and
# test hold a fifth of the chorales each.
"""
GRAM, ALIKE = 5, 0.4
Turns = set[tuple[int, ...]]


def turns(soprano: Sequence[Note]) -> Turns:
    """All runs of five intervals of a melody that is looked at on every quarter note."""
    seen: list[int] = []
    for beat in range(int(max(note.stop for note in soprano))):
        sounding = [note.midi for note in soprano if note.start <= beat < note.stop]
        if sounding and sounding[:1] != seen[-1:]:
            seen.append(sounding[0])
    steps = np.diff(seen).tolist()
    return {tuple(steps[i : i + GRAM]) for i in range(len(steps) - GRAM + 1)}


def alike(one: Turns, other: Turns) -> bool:
    """Whether two melodies share two fifths of the shorter one's turns."""
    return len(one & other) >= ALIKE * max(1, min(len(one), len(other)))


def tunes(known: dict[str, Turns], titles: dict[str, str]) -> list[list[str]]:
    """Chorales by tune: what is alike, or alike to one that is alike, belongs together."""
    group = {name: name for name in known}
    for one, other in combinations(known, 2):
        titled = one in titles and titles[one] == titles.get(other)
        if group[one] != group[other] and (titled or alike(known[one], known[other])):
            was, now = group[other], group[one]
            group = {name: now if of == was else of for name, of in group.items()}
    return [[n for n in known if group[n] == leader] for leader in dict.fromkeys(group.values())]


def draw(groups: list[list[str]]) -> Iterator[str]:
    """Write the lines of the list."""
    total = sum(map(len, groups))
    counts: dict[str, int] = {"test": 0, "validation": 0}
    for i in np.random.default_rng(CUT_SEED).permutation(len(groups)):
        free = [name for name, n in counts.items() if n < 0.2 * total]
        name = free[0] if free else "train"
        counts[name] = counts.get(name, 0) + len(groups[i])
        yield f"{name} {' '.join(groups[i])}"


def main() -> None:
    """Write chorales.txt."""
    corpus = need("music21.corpus")
    titles = {
        f"bwv{entry['bwv']}": entry["title"]
        for entry in corpus.chorales.ChoraleListRKBWV().byRiemenschneider.values()
    }
    known: dict[str, Turns] = {}
    for name in sorted(set(corpus.chorales.Iterator(returnType="filename"))):
        path = corpus_folder() / f"{Path(name).name}.mxl"
        if path.is_file() and len(voices := parts(path)) == 4:
            known[path.stem] = turns(voices[0])
    LIST.write_text(HEAD + "\n".join(sorted(draw(tunes(known, titles)))) + "\n")


if __name__ == "__main__":
    main()
