"""Japanese Vowels: nine speakers told apart by one vowel pair of 7 to 29 frames."""

from dataclasses import dataclass

import numpy as np

from longlag.tasks.base import Spec
from longlag.tasks.data.archive import read_archive
from longlag.tasks.data.base import DatasetTask
from longlag.tasks.data.cache import Arrays


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
