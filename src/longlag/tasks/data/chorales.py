"""Bach's chorales as polyphonic music: which notes sound in the next frame?"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from longlag.errors import LonglagError, need
from longlag.tasks.base import SPLITS, Batch, Floor, Spec, Split
from longlag.tasks.data.base import FixedDataset
from longlag.tasks.data.cache import Arrays, cached
from longlag.tasks.data.musicxml import frames, parts

LOW, HIGH = 36, 81  # C2 to A5, all that the four voices sing
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PER_QUARTER = {"eighth": 2, "sixteenth": 4}
LIST = Path(__file__).with_name("chorales.txt")  # written by tools/split_chorales.py


@dataclass(frozen=True, kw_only=True)
class Chorales(FixedDataset):
    """Hear a chorale in four parts, frame by frame, and say which notes sound in the next frame.

        C3 G3 E4 C5 | C3 G3 E4 C5 | D3 F3 D4 B4 | ...   ->   C3 G3 E4 C5 | D3 F3 D4 B4 | ...

    331 chorales of 47 frames and more (eighth notes), whole and in their own keys; x is 1 for each
    of 46 pitches that sounds.  The loss is that of 46 independent answers, in nats a frame.
    197 chorales are for training, 67 for validation, 67 for the test, cut by tune: settings of one
    tune are in one split.  The split is a file of this package.  It is not the one that is known
    as JSB Chorales: its published figures cannot be compared with these.

    Args:
        frame: `eighth` or `sixteenth` note.
    """

    frame: Literal["eighth", "sixteenth"] = "eighth"

    name = "chorales"
    version = 2
    source = "Bach chorales (music21); Chung et al. 2014, section 4.1"
    package = "music21"
    licence = "music: public domain; encodings: as music21's corpus/license.txt allows"

    def define(self) -> Spec:
        """Ask for the pitches of the next frame, of 46."""
        size = HIGH - LOW + 1
        alone, kept = self.counted()
        return Spec(
            kind="multilabel",
            input_size=size,
            output_size=size,
            metrics=("nll",),
            floors=(
                Floor(
                    "nll", kept, "how often each pitch sounds, given whether it does now, fitted"
                ),
                Floor("nll", alone, "the same whatever sounds now, fitted"),
            ),
            answers=tuple(f"{NAMES[i % 12]}{i // 12 - 1}" for i in range(LOW, HIGH + 1)),
        )

    @cached_property
    def arrays(self) -> Arrays:
        """Return all chorales in a row: x (frames,D) uint8; begin, lengths and split (N,)."""
        return cached(f"{self.name}-{self.version}-{self.frame}", self.read)

    @cached_property
    def parts(self) -> dict[Split, np.ndarray]:
        """Return the chorales of each split."""
        split = self.arrays["split"]
        return {name: np.flatnonzero(split == i) for i, name in enumerate(SPLITS)}

    def read(self) -> Arrays:
        """Read music21's files, in a few seconds."""
        tables, split, folder = [], [], corpus_folder()
        for i, groups in enumerate(tune_split().values()):
            for name in sorted(name for group in groups for name in group):
                path = folder / f"{name}.mxl"
                if not path.is_file():
                    raise LonglagError(
                        f"chorales: music21 has no file {path}; install a version from 9 to 10"
                    )
                sung = [note for part in parts(path) for note in part]
                tables.append(frames(sung, PER_QUARTER[self.frame], LOW, HIGH))
                split.append(i)
        lengths = np.array([len(table) for table in tables])
        begin = np.cumsum(lengths) - lengths
        x = np.concatenate(tables)
        return {"x": x, "begin": begin, "lengths": lengths, "split": np.array(split)}

    def chorale(self, row: int) -> np.ndarray:
        """Return all frames of one: (T+1,D)."""
        begin = self.arrays["begin"][row]
        return self.arrays["x"][begin : begin + self.arrays["lengths"][row]]

    def rows(self, split: Split, rows: np.ndarray) -> Batch:
        """Make a batch of whole chorales, shorter ones padded with silence that is not asked."""
        music = [
            torch.from_numpy(self.chorale(row)).float() for row in self.parts[split][rows].tolist()
        ]
        lengths = torch.tensor([len(one) - 1 for one in music])
        T = int(lengths.max())
        x, target = (torch.zeros(T, len(music), HIGH - LOW + 1) for _ in range(2))
        for b, one in enumerate(music):
            x[: len(one) - 1, b], target[: len(one) - 1, b] = one[:-1], one[1:]
        weight = (torch.arange(T)[:, None] < lengths).float()
        return Batch(x, target, weight, None if bool((lengths == T).all()) else lengths)

    def counted(self) -> tuple[float, float]:
        """Count nats a frame on test, of a pitch's frequency and of that given its last frame."""
        seen, test = (self.pairs(split) for split in ("train", "test"))
        found = []
        for given in (np.zeros_like, np.asarray):
            before, after = given(seen[0]), seen[1]
            answer = np.empty(test[1].shape)
            for was in (0, 1):
                there, asked = before == was, given(test[0]) == was
                rate = ((after * there).sum(0) + 0.5) / (there.sum(0) + 1)
                answer = np.where(asked, rate, answer)
            right = np.where(test[1] == 1, answer, 1 - answer)
            found.append(float(-np.log(right).sum(1).mean()))
        return found[0], found[1]

    def pairs(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Pair each frame of a split with the one after it: (N,D) both."""
        music = [self.chorale(row) for row in self.parts[split].tolist()]
        return np.concatenate([one[:-1] for one in music]), np.concatenate(
            [one[1:] for one in music]
        )


def tune_split() -> dict[str, list[list[str]]]:
    """Read the chorales of each split, a list a tune, as they were fixed."""
    found: dict[str, list[list[str]]] = {name: [] for name in SPLITS}
    for line in LIST.read_text().splitlines():
        if not line.startswith("#"):
            name, *chorales = line.split()
            found[name].append(chorales)
    return found


def corpus_folder() -> Path:
    """Find the folder of music21's files of Bach."""
    return Path(str(need("music21").__file__)).parent / "corpus" / "bach"
