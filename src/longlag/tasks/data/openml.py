"""MNIST and Fashion-MNIST, whole: fetched once from OpenML, checked, and kept."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from longlag.errors import LonglagError, need
from longlag.tasks.data.cache import Arrays, download, folder
from longlag.tasks.data.images import Images, images


@dataclass(frozen=True, kw_only=True)
class OpenML(Images):
    """What both share: 60 000 images for training, a fifth of them validation, 10 000 for the test.

    The images are in the order of their authors, the test set last; that order is checked by the
    classes of the test set, of which each author published the counts.

    Args:
        rows_at_once: see a row of 28 pixels a step (T = 28), not a pixel (T = 784).
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    package = "scikit-learn, by OpenML"
    data_set: ClassVar[str]  # its name there
    revision: ClassVar[int]  # the version of it there
    tested: ClassVar[tuple[int, ...]]  # images of each class in the authors' test set

    def read(self) -> Arrays:
        """Read by scikit-learn from OpenML; the file is checked by its checksum."""
        sklearn = need("sklearn.datasets")
        need("pandas")

        def fetch() -> tuple[np.ndarray, np.ndarray]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of its retries: the error says why
                return sklearn.fetch_openml(
                    self.data_set,
                    version=self.revision,
                    data_home=str(folder()),
                    return_X_y=True,
                    as_frame=False,
                    parser="pandas",
                    n_retries=1,
                )

        pixels, label = download(f"the data set {self.data_set} of OpenML", fetch)
        label = np.asarray(label).astype(np.int64)
        test = np.arange(len(label)) >= len(label) - sum(self.tested)
        if tuple(np.bincount(label[test], minlength=10)) != self.tested:
            raise LonglagError(
                f"{self.name}: what OpenML sent is not {self.data_set} in the order of its "
                f"authors; remove {folder() / 'openml'} and run this again"
            )
        return {"x": images(pixels), "label": label, "test": test}


@dataclass(frozen=True, kw_only=True)
class Mnist(OpenML):
    """Read a handwritten digit of MNIST pixel by pixel or row by row, then say which it was.

        0 0 0 ... 84 185 159 151 ... 0 0 0   (784 pixels, or 28 rows of 28)   ->   7

    Needs a network once.  The permutation is one of our own, as everybody's is.

    Args:
        rows_at_once: see a row of 28 pixels a step (T = 28), not a pixel (T = 784).
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    name = "mnist"
    source = "LeCun et al. 1998 (OpenML); Le et al. 2015, section 4.2"
    licence = "CC BY-SA 3.0"
    data_set, revision = "mnist_784", 1
    tested = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


@dataclass(frozen=True, kw_only=True)
class FashionMnist(OpenML):
    """Read a picture of an article of clothing pixel by pixel or row by row, then say which it was.

        0 0 0 ... 126 136 95 179 ... 0 0 0   (784 pixels, or 28 rows of 28)   ->   ankle boot

    Needs a network once.

    Args:
        rows_at_once: see a row of 28 pixels a step (T = 28), not a pixel (T = 784).
        permuted: show the pixels in one fixed random order, which removes what is near in time.
    """

    name = "fashion"
    source = "Xiao et al. 2017 (OpenML); Le et al. 2015, section 4.2, for the task"
    licence = "MIT"
    data_set, revision = "Fashion-MNIST", 1
    tested = (1000,) * 10
