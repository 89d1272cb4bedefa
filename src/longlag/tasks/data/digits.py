"""Handwritten digits, pixel by pixel: the quick stand-in for sequential MNIST."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from longlag.errors import need
from longlag.tasks.base import Spec
from longlag.tasks.data.base import CUT_SEED, DatasetTask, held_out, reordered
from longlag.tasks.data.cache import Arrays

TEST = 360  # of 1 797 images, 36 of each class


@dataclass(frozen=True, kw_only=True)
class Digits(DatasetTask):
    """Read an 8x8 image row by row, one pixel a step, then say which digit it was.

        0 0 5 13 9 1 0 0 | 0 0 13 15 10 15 5 0 | ...   (64 steps, here in sixteenths)   ->   0

    1 797 images of 10 classes; 360 are the test set, a fifth of the rest is validation, both cut
    class by class and for good.

    Args:
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    permuted: bool = False

    name = "digits"
    source = "Alpaydin & Kaynak 1998 (scikit-learn); Le et al. 2015, section 4.2"
    package = "scikit-learn"
    licence = "CC BY 4.0 (UCI archive); scikit-learn: BSD"

    def define(self) -> Spec:
        """Ask for one of ten digits, of one pixel a step."""

        def pixels(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
            return x[..., 0]

        return self.classes(1, 10, lag=63, simple=self.linear(pixels, "all 64 pixels at once"))

    def inputs(self, x: Tensor) -> Tensor:
        """Return the pixels, permuted if asked for."""
        return reordered(x) if self.permuted else x

    def read(self) -> Arrays:
        """Read scikit-learn's images, scaled to [0, 1]."""
        images, label = need("sklearn.datasets").load_digits(return_X_y=True)
        return {
            "x": (images / 16).astype(np.float32)[..., None],
            "lengths": np.full(len(label), images.shape[1], dtype=np.int64),
            "label": label.astype(np.int64),
            "test": held_out(label, TEST // 10, np.random.default_rng(CUT_SEED + 1)),
        }
