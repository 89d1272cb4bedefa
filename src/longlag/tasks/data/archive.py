"""The UCR and UEA archives of time series to classify, each by its name and with its own split."""

import difflib
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from longlag.errors import LonglagError, need
from longlag.tasks.base import Spec, require
from longlag.tasks.data.base import DatasetTask
from longlag.tasks.data.cache import Arrays, download, folder

Part = tuple[Any, np.ndarray]  # sequences (I,T), an array or a list, and their labels


@dataclass(frozen=True, kw_only=True)
class UCR(DatasetTask):
    """Say which class a time series is of, after having read all of it.

        OSULeaf: 427 distances along a leaf's outline, .82 .85 .88 ...   ->   1 of 6 species

    aeon ships ACSF1, ArrowHead, BasicMotions, GunPoint, ItalyPowerDemand, JapaneseVowels, OSULeaf
    and PickupGestureWiimoteZ; every other set of the archives is fetched by aeon, with a network.
    The split into training and test data is the archive's; a fifth of the training data is
    validation.  Channels are standardised by the training data's mean and deviation.  Sequences
    that differ in length are neither cut nor stretched.  GunPoint and ItalyPowerDemand are nearly
    solved by the nearest neighbour: good for a first try alone.

    Args:
        dataset: its name in the archive.
    """

    dataset: str = "OSULeaf"

    name = "ucr"
    source = "UCR archive (Dau et al. 2019), UEA archive (Bagnall et al. 2018), by aeon"
    package = "aeon"
    licence = "UCR/UEA archives, by citation; aeon: BSD"

    def check(self) -> None:
        """Refuse what is out of range."""
        named = re.fullmatch(r"\w+", self.dataset) is not None
        require("ucr", dataset=(self.dataset, named, "the name of a set, such as OSULeaf"))

    @property
    def key(self) -> str:
        """Name each set apart."""
        return f"ucr-{self.version}-{self.dataset}"

    def define(self) -> Spec:
        """Ask for one of the classes, of a value a channel."""
        width, classes = self.arrays["x"].shape[2], int(self.arrays["label"].max()) + 1
        lag = int(self.arrays["lengths"].max()) - 1
        return self.classes(width, classes, lag, self.nearest())

    def read(self) -> Arrays:
        """Read by aeon: from its package, or from the archive by a network."""
        return read_archive(self.dataset)


def read_archive(dataset: str) -> Arrays:
    """Read a set, its channels standardised and its sequences padded with zeros.

    Raises:
        LonglagError: it has missing values, or see `load`.
    """
    parts = load(dataset)
    sequences = [np.asarray(x, dtype=np.float64).T for xs, _ in parts for x in xs]  # (T,I)
    test = np.repeat([False, True], [len(xs) for xs, _ in parts])
    seen = np.concatenate([x for x, held in zip(sequences, test, strict=True) if not held])
    if not all(np.isfinite(x).all() for x in sequences):
        raise LonglagError(
            f"ucr: {dataset} has missing values, which a recurrence cannot read; "
            "choose another dataset"
        )
    deviation = np.where(seen.std(0) > 0, seen.std(0), 1)
    lengths = np.array([len(x) for x in sequences], dtype=np.int64)
    x = np.zeros((len(sequences), lengths.max(), seen.shape[1]), dtype=np.float32)
    for row, sequence in zip(x, sequences, strict=True):
        row[: len(sequence)] = (sequence - seen.mean(0)) / deviation
    label = np.unique(np.concatenate([labels for _, labels in parts]), return_inverse=True)[1]
    return {"x": x, "lengths": lengths, "label": label.astype(np.int64), "test": test}


def load(dataset: str) -> list[Part]:
    """Load sequences (I,T) and labels of the training and of the test data.

    Raises:
        LonglagError: no set has this name, or it is not here and cannot be fetched.
    """
    aeon = need("aeon.datasets")

    def both(place: str | None) -> list[Part]:
        how = {"extract_path": place, "load_no_missing": True}
        return [aeon.load_classification(dataset, split=s, **how) for s in ("train", "test")]

    if (files("aeon.datasets") / "data" / dataset / f"{dataset}_TRAIN.ts").is_file():
        return both(None)
    known = list(need("aeon.datasets.tsc_datasets").tsc_zenodo)
    if dataset not in known:
        close = difflib.get_close_matches(dataset, known, 1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise LonglagError(f"ucr: the archives hold no set of the name {dataset!r}{meant}")
    place = folder() / "archive"
    try:
        return download(f"the set {dataset} of the UCR and UEA archives", lambda: both(str(place)))
    finally:
        shutil.rmtree(place / dataset, ignore_errors=True)  # half of it, or cached from now on


@dataclass(frozen=True, kw_only=True)
class JapaneseVowels(DatasetTask):
    """Say which of nine speakers spoke /ae/, from 12 cepstral coefficients a frame.

        frame 1 (1.86 -.21 .26 ...), frame 2 (1.89 -.19 .24 ...), ..., frame 20   ->   speaker 1

    Sequences differ in length and are neither cut nor stretched.  The split of 270 training and
    370 test sequences is the archive's; a fifth of the training data is validation.  Coefficients
    are standardised by the training data's mean and deviation.
    """

    name = "japanese_vowels"
    source = "Kudo et al. 1999; UEA archive (aeon)"
    package = "aeon"
    licence = "UEA archive, by citation; aeon: BSD"

    def define(self) -> Spec:
        """Ask for one of nine speakers, of twelve coefficients a frame."""
        simple = self.linear(summary, "each channel's mean, deviation, first and last value")
        return self.classes(12, 9, lag=int(self.arrays["lengths"].max()) - 1, simple=simple)

    def read(self) -> Arrays:
        """Read the archive's own files from aeon's package."""
        return read_archive("JapaneseVowels")


def summary(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Compute mean, deviation, first and last value of each channel: (N,4*I)."""
    rows = []
    for sequence, length in zip(x, lengths, strict=True):
        seen = sequence[:length]
        rows.append(np.concatenate([seen.mean(0), seen.std(0), seen[0], seen[-1]]))
    return np.stack(rows)
